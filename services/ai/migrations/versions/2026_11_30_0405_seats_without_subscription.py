"""Since when a student is without a subscription."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "20261130040500"
down_revision: str | None = "20261130034500"


def upgrade() -> None:
    """Expand."""
    op.add_column(
        "bootcamp_enrollments", sa.Column("unpaid_since", sa.DateTime(timezone=True), nullable=True)
    )


def downgrade() -> None:
    """Back to the revision before."""
    op.drop_column("bootcamp_enrollments", "unpaid_since")
