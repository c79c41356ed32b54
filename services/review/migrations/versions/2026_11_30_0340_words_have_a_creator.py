"""Whose campaign brought a word in: a creator brings only so many."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.db.migrate import LOCK_TIMEOUT

revision: str = "20261130034000"
down_revision: str | None = "20261126120200"

INDEX = "ix_search_words_creator_id"
WAIT_FOR_TRANSACTIONS = "60s"
"""An index that is made concurrently waits for those that are open, and nobody waits behind it."""


def upgrade() -> None:
    """Expand: a release before leaves the column null. May be run again after it was broken off."""
    column = sa.Column("creator_id", sa.BigInteger(), nullable=True)
    op.add_column("search_words", column, if_not_exists=True)
    with op.get_context().autocommit_block():
        op.execute(f"SET lock_timeout = '{WAIT_FOR_TRANSACTIONS}'")
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}")
        op.execute(f"CREATE INDEX CONCURRENTLY {INDEX} ON search_words (creator_id)")
        op.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")


def downgrade() -> None:
    """Back to the revision before."""
    op.drop_index(INDEX, "search_words")
    op.drop_column("search_words", "creator_id")
