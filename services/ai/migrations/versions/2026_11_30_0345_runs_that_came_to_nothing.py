"""An index by which runs that came to nothing are found when they are old."""

from __future__ import annotations

from alembic import op

from shared.db.migrate import LOCK_TIMEOUT

revision: str = "20261130034500"
down_revision: str | None = "20261126150300"

INDEX = "ix_runs_fruitless"
WAIT_FOR_TRANSACTIONS = "60s"
"""An index that is made concurrently waits for those that are open, and nobody waits behind it."""


def upgrade() -> None:
    """Expand. May be run again after it was broken off."""
    with op.get_context().autocommit_block():
        op.execute(f"SET lock_timeout = '{WAIT_FOR_TRANSACTIONS}'")
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}")
        op.execute(
            f"CREATE INDEX CONCURRENTLY {INDEX} ON runs (finished_at) WHERE status IN ('failed', 'canceled')"
        )
        op.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")


def downgrade() -> None:
    """Back to the revision before."""
    op.drop_index(INDEX, "runs")
