"""Up to when an undecided application keeps its place, and whether it has given it up."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "20261130040000"
down_revision: str | None = "20261130034000"


def upgrade() -> None:
    """Expand: a release before makes applications with the default; those that are there begin to count now."""
    op.add_column(
        "campaign_applications",
        sa.Column(
            "held_until",
            sa.DateTime(timezone=True),
            server_default=sa.text("now() + interval '14 days'"),
            nullable=False,
        ),
    )
    op.add_column(
        "campaign_applications",
        sa.Column("expired", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )


def downgrade() -> None:
    """Back to the revision before."""
    for name in ("expired", "held_until"):
        op.drop_column("campaign_applications", name)
