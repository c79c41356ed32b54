"""Users, campaigns, applications, and what search reads of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "20261126120100"
down_revision: str | None = "20261126120000"

ACTIVE = sa.text("status = 'active'")
NOW = sa.text("now()")


def upgrade() -> None:
    """Expand."""
    _users_and_campaigns()
    _applications()
    _search()


def _users_and_campaigns() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("deleted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "heard_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
    )
    op.create_table(
        "campaigns",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("creator_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("product_name", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("category", sa.String(length=50), nullable=False),
        sa.Column("reward_type", sa.String(length=20), nullable=False),
        sa.Column("reward_value", sa.String(length=200), nullable=False),
        sa.Column("max_reviewers", sa.Integer(), nullable=False),
        sa.Column("places_taken", sa.Integer(), server_default="0", nullable=False),
        sa.Column("applications_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=20), server_default="active", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.CheckConstraint("max_reviewers >= 1", name="ck_campaigns_max_reviewers_positive"),
        sa.CheckConstraint("places_taken BETWEEN 0 AND max_reviewers", name="ck_campaigns_places"),
        sa.CheckConstraint("applications_count >= places_taken", name="ck_campaigns_applications_count"),
        sa.CheckConstraint("reward_type IN ('product', 'cash', 'both')", name="ck_campaigns_reward_type"),
        sa.CheckConstraint("status IN ('active', 'closed', 'completed')", name="ck_campaigns_status"),
        sa.PrimaryKeyConstraint("id", name="pk_campaigns"),
        # an application to a campaign changes no index: with room on the page it is a heap-only update
        postgresql_with={"fillfactor": "85"},
    )
    op.create_index("ix_campaigns_active", "campaigns", ["id", "deadline"], postgresql_where=ACTIVE)
    op.create_index(
        "ix_campaigns_active_category",
        "campaigns",
        ["category", "id", "deadline"],
        postgresql_where=ACTIVE,
    )
    op.create_index("ix_campaigns_active_deadline", "campaigns", ["deadline"], postgresql_where=ACTIVE)
    op.create_index("ix_campaigns_creator_id", "campaigns", ["creator_id", "id"])


def _applications() -> None:
    op.create_table(
        "campaign_applications",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("sns_link", sa.String(length=500), nullable=True),
        sa.Column("follower_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("status", sa.String(length=20), server_default="pending", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.CheckConstraint(
            "status IN ('pending', 'approved', 'rejected')", name="ck_campaign_applications_status"
        ),
        sa.CheckConstraint("follower_count >= 0", name="ck_campaign_applications_follower_count"),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name="fk_campaign_applications_campaign_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_campaign_applications"),
        sa.UniqueConstraint("campaign_id", "user_id", name="uq_campaign_applications_campaign_id_user_id"),
    )
    op.create_index("ix_campaign_applications_campaign_id_id", "campaign_applications", ["campaign_id", "id"])
    op.create_index("ix_campaign_applications_user_id", "campaign_applications", ["user_id", "id"])


def _search() -> None:
    op.create_table(
        "search_documents",
        sa.Column("campaign_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=False),
        sa.Column("terms", postgresql.TSVECTOR(), nullable=False),
        sa.Column("title_terms", postgresql.TSVECTOR(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaigns.id"],
            name="fk_search_documents_campaign_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("campaign_id", name="pk_search_documents"),
    )
    for column in ("terms", "title_terms"):
        op.create_index(
            f"ix_search_documents_{column}",
            "search_documents",
            [column],
            postgresql_using="gin",
            # a list of what is still to be sorted in would be read through by every search
            postgresql_with={"fastupdate": "off"},
        )
    op.create_table(
        "search_words",
        sa.Column("word", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("word", name="pk_search_words"),
    )
    op.create_index(
        "ix_search_words_prefix", "search_words", ["word"], postgresql_ops={"word": "text_pattern_ops"}
    )
    op.create_table(
        "search_spellings",
        sa.Column("spelling", sa.String(length=40), nullable=False),
        sa.Column("word", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("spelling", "word", name="pk_search_spellings"),
    )


def downgrade() -> None:
    """Back to the revision before."""
    for table in (
        "search_spellings", "search_words", "search_documents", "campaign_applications", "campaigns", "users",
    ):  # fmt: skip
        op.drop_table(table)
