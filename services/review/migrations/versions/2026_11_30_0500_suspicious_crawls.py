"""Crawls that lost most of a site's listings wait for an operator's word, one of each site at a time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "20261130050000"
down_revision: str | None = "20261130040000"

STATUS = "ck_crawls_status"
STATUS_AS_MADE = "ck_crawls_ck_crawls_status"  # the first migration named the table twice
BEFORE = "status IN ('queued', 'running', 'succeeded', 'failed')"
NOW = "status IN ('queued', 'running', 'succeeded', 'failed', 'suspicious')"


def upgrade() -> None:
    """Expand: a release before reads the new status as any other. The table has a few thousand rows at most."""
    _check(STATUS, NOW)
    op.create_index(
        "uq_crawls_site_suspicious",
        "crawls",
        ["site"],
        unique=True,
        postgresql_where=sa.text("status = 'suspicious'"),
    )


def downgrade() -> None:
    """Back to the revision before."""
    op.drop_index("uq_crawls_site_suspicious", "crawls")
    op.execute("UPDATE crawls SET status = 'failed' WHERE status = 'suspicious'")
    _check(STATUS_AS_MADE, BEFORE)


def _check(name: str, condition: str) -> None:
    for old in (STATUS, STATUS_AS_MADE):
        op.execute(f"ALTER TABLE crawls DROP CONSTRAINT IF EXISTS {old}")
    op.execute(f"ALTER TABLE crawls ADD CONSTRAINT {name} CHECK ({condition})")
