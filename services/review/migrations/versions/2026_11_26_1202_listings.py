"""Listings of partner sites, the crawls that bring them, and the pages these have seen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "20261126120200"
down_revision: str | None = "20261126120100"

SHOWN = sa.text("retired_at IS NULL")
NOW = sa.text("now()")


def upgrade() -> None:
    """Expand."""
    op.create_table(
        "experience_listings",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("site", sa.String(length=50), nullable=False),
        sa.Column("external_id", sa.String(length=500), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=True),
        sa.Column("image_url", sa.String(length=500), server_default="", nullable=False),
        sa.Column("category", sa.String(length=100), server_default="", nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("reward", sa.String(length=200), server_default="", nullable=False),
        sa.Column("page_url", sa.String(length=500), nullable=True),
        sa.Column("crawl_id", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_experience_listings"),
        sa.UniqueConstraint("site", "external_id", name="uq_experience_listings_site_external_id"),
    )
    op.create_index("ix_experience_listings_shown", "experience_listings", ["id"], postgresql_where=SHOWN)
    op.create_index(
        "ix_experience_listings_site_id", "experience_listings", ["site", "id"], postgresql_where=SHOWN
    )
    op.create_index(
        "ix_experience_listings_category", "experience_listings", ["category", "id"], postgresql_where=SHOWN
    )
    _crawls()


def _crawls() -> None:
    numbers = ("pages", "unchanged_pages", "found", "added", "updated", "retired", "skipped")
    op.create_table(
        "crawls",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("site", sa.String(length=50), nullable=False),
        sa.Column("status", sa.String(length=20), server_default="queued", nullable=False),
        sa.Column("started_by", sa.String(length=30), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        *(sa.Column(name, sa.Integer(), server_default="0", nullable=False) for name in numbers),
        sa.Column("error", sa.String(length=500), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.CheckConstraint("status IN ('queued', 'running', 'succeeded', 'failed')", name="ck_crawls_status"),
        sa.PrimaryKeyConstraint("id", name="pk_crawls"),
    )
    op.create_index(
        "uq_crawls_site_open",
        "crawls",
        ["site"],
        unique=True,
        postgresql_where=sa.text("status IN ('queued', 'running')"),
    )
    op.create_index("ix_crawls_site", "crawls", ["site", "id"])
    op.create_table(
        "crawled_pages",
        sa.Column("site", sa.String(length=50), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("etag", sa.String(length=500), nullable=True),
        sa.Column("last_modified", sa.String(length=100), nullable=True),
        sa.Column("next_url", sa.String(length=500), nullable=True),
        sa.Column("fetched_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("site", "url", name="pk_crawled_pages"),
    )


def downgrade() -> None:
    """Back to the revision before."""
    for table in ("crawled_pages", "crawls", "experience_listings"):
        op.drop_table(table)
