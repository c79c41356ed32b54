"""When an account's access is renewed, and which worker is at it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "20261126144000"
down_revision: str | None = "20261126120100"


def upgrade() -> None:
    """Expand: a release that does not know of the columns leaves them null."""
    op.add_column("accounts", sa.Column("renew_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("accounts", sa.Column("renewing_until", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Back to the revision before."""
    op.drop_column("accounts", "renewing_until")
    op.drop_column("accounts", "renew_at")
