"""What an attempt costs is known whatever way it ends: its prices, and whether its tokens are an estimate."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "20261130051000"
down_revision: str | None = "20261130040500"


def upgrade() -> None:
    """Expand; constant defaults rewrite no row."""
    op.add_column(
        "run_attempts",
        sa.Column("tokens_estimated", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    for name in ("input_price", "output_price"):
        op.add_column(
            "run_attempts",
            sa.Column(name, sa.Numeric(precision=14, scale=6), server_default=sa.text("0"), nullable=False),
        )


def downgrade() -> None:
    """Back to the revision before."""
    for name in ("output_price", "input_price", "tokens_estimated"):
        op.drop_column("run_attempts", name)
