"""Up to when posts that found no place at a network were told when to ask again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "20261126174605"
down_revision: str | None = "20261126144000"


def upgrade() -> None:
    """Expand: a release that does not know of the column makes rows without it."""
    op.add_column(
        "network_rates",
        sa.Column("promised_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )


def downgrade() -> None:
    """Back to the revision before."""
    op.drop_column("network_rates", "promised_at")
