"""Accounts, posts, and how fast each network may be written to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "20261126120100"
down_revision: str | None = "20261126120000"


def upgrade() -> None:
    """Expand."""
    op.create_table(
        "accounts",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("account_name", sa.String(length=120), nullable=False),
        sa.Column("credentials", sa.Text(), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "platform IN ('instagram', 'blog', 'tiktok', 'youtube_shorts')", name="ck_accounts_platform"
        ),
        sa.CheckConstraint(
            "deleted_at IS NULL OR credentials IS NULL", name="ck_accounts_deleted_without_credentials"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
    )
    op.create_index(
        "uq_accounts_user_id_platform_account_name",
        "accounts",
        ["user_id", "platform", sa.text("lower(account_name)")],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "posts",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("template_type", sa.String(length=20), nullable=False),
        sa.Column("media_urls", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("status", sa.String(length=20), server_default="draft", nullable=False),
        sa.Column("scheduled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ticket", sa.Integer(), server_default="0", nullable=False),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("tries", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("attempted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("open", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("client_token", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column(
            "progress",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("network_id", sa.String(length=255), nullable=True),
        sa.Column("url", sa.String(length=2048), nullable=True),
        sa.Column("failure_code", sa.String(length=40), nullable=True),
        sa.Column("failure", sa.String(length=500), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("views", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("likes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("comments", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("shares", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("measure_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status IN ('draft', 'scheduled', 'publishing', 'published', 'failed')", name="ck_posts_status"
        ),
        sa.CheckConstraint(
            "scheduled_at IS NOT NULL OR status <> 'scheduled'", name="ck_posts_scheduled_has_a_time"
        ),
        sa.CheckConstraint(
            "(status = 'published') = (published_at IS NOT NULL)", name="ck_posts_published_at"
        ),
        sa.CheckConstraint("failure_code IS NOT NULL OR status <> 'failed'", name="ck_posts_failed_says_why"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_posts_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_posts"),
    )
    op.create_index("ix_posts_user_id", "posts", ["user_id", "id"])
    op.create_index("ix_posts_account_id", "posts", ["account_id", "id"])
    op.create_index(
        "ix_posts_published",
        "posts",
        ["user_id", "published_at"],
        postgresql_where=sa.text("status = 'published'"),
    )
    op.create_index("ix_posts_failed", "posts", ["id"], postgresql_where=sa.text("status = 'failed'"))
    op.create_index(
        "ix_posts_under_way",
        "posts",
        ["id"],
        postgresql_where=sa.text("status IN ('scheduled', 'publishing')"),
    )
    op.create_index(
        "ix_posts_measure_at", "posts", ["measure_at"], postgresql_where=sa.text("measure_at IS NOT NULL")
    )
    op.create_table(
        "network_rates",
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("platform", name="pk_network_rates"),
    )
    # Calling a post back removes its job, also a held one; pgqueuer's own index has only those that wait or run.
    op.execute("CREATE INDEX ix_pgqueuer_held_dedupe_key ON pgqueuer (dedupe_key) WHERE status = 'failed'")


def downgrade() -> None:
    """Back to the revision before."""
    op.execute("DROP INDEX ix_pgqueuer_held_dedupe_key")
    for table in ("network_rates", "posts", "accounts"):
        op.drop_table(table)
