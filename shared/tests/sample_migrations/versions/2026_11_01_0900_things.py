"""Things, for the tests of shared.db."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "20261101090000"
down_revision: str | None = None


def upgrade() -> None:
    """A table with a unique name."""
    op.create_table(
        "things",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False, unique=True),
        sa.Column("data", sa.JSON(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
    )


def downgrade() -> None:
    """Without it."""
    op.drop_table("things")
