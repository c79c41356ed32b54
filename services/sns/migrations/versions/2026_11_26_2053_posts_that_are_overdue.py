"""When posts were due and were begun; indexes for what is looked for by the clock and when a user goes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.db.migrate import LOCK_TIMEOUT

revision: str = "20261126205300"
down_revision: str | None = "20261126174605"

COLUMNS = ("due_at", "begun_at")
INDEXES = (
    ("ix_posts_scheduled_at", "posts", "scheduled_at", "status = 'scheduled'"),
    ("ix_posts_publishing", "posts", "id", "status = 'publishing'"),
    ("ix_accounts_user_id", "accounts", "user_id", None),
    ("ix_accounts_renew_at", "accounts", "renew_at", "renew_at IS NOT NULL"),
)
WAIT_FOR_TRANSACTIONS = "60s"
"""An index that is made concurrently waits for those that are open, and nobody waits behind it."""


def upgrade() -> None:
    """Expand: a release before leaves the columns null. May be run again after it was broken off."""
    for name in COLUMNS:
        op.add_column("posts", sa.Column(name, sa.DateTime(timezone=True), nullable=True), if_not_exists=True)
    with op.get_context().autocommit_block():
        op.execute(f"SET lock_timeout = '{WAIT_FOR_TRANSACTIONS}'")
        for name, table, column, where in INDEXES:
            # What is left of one that was broken off has the name, and serves no query.
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            condition = f" WHERE {where}" if where else ""
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON {table} ({column}){condition}")
        op.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")


def downgrade() -> None:
    """Back to the revision before."""
    for name, table, _, _ in INDEXES:
        op.drop_index(name, table)
    for name in COLUMNS:
        op.drop_column("posts", name)
