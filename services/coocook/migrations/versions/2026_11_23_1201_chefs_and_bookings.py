"""Chefs and bookings. Both extensions are trusted: the database's owner may create them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "20261123120100"
down_revision: str | None = "20261123120000"


def upgrade() -> None:
    """Expand."""
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.create_table(
        "chefs",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("bio", sa.Text(), nullable=True),
        sa.Column("cuisine_type", sa.String(length=50), nullable=False),
        sa.Column("location", sa.String(length=200), nullable=False),
        sa.Column("price_per_session", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("currency", sa.String(length=3), server_default="USD", nullable=False),
        sa.Column("timezone", sa.String(length=50), server_default="Asia/Seoul", nullable=False),
        sa.Column("opens_hour", sa.SmallInteger(), server_default="9", nullable=False),
        sa.Column("closes_hour", sa.SmallInteger(), server_default="21", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("rating_sum", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("rating_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "rating",
            sa.Double(),
            sa.Computed(
                "CASE WHEN rating_count = 0 THEN 0 ELSE rating_sum::double precision / rating_count END",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "opens_hour >= 0 AND opens_hour < closes_hour AND closes_hour <= 24", name="ck_chefs_hours"
        ),
        sa.CheckConstraint("price_per_session > 0", name="ck_chefs_price_positive"),
        sa.CheckConstraint(
            "rating_count >= 0 AND rating_sum BETWEEN rating_count AND 5 * rating_count",
            name="ck_chefs_rating",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_chefs"),
        sa.UniqueConstraint("user_id", name="uq_chefs_user_id"),
    )
    op.create_index("ix_chefs_active", "chefs", ["id"], postgresql_where=sa.text("is_active"))
    op.create_index(
        "ix_chefs_active_cuisine_type", "chefs", ["cuisine_type", "id"], postgresql_where=sa.text("is_active")
    )
    op.create_index(
        "ix_chefs_location_trgm",
        "chefs",
        ["location"],
        postgresql_using="gin",
        postgresql_ops={"location": "gin_trgm_ops"},
    )
    op.create_table(
        "bookings",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("chef_id", sa.BigInteger(), nullable=False),
        sa.Column("booking_date", sa.Date(), nullable=False),
        sa.Column("period", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("duration_hours", sa.SmallInteger(), nullable=False),
        sa.Column("status", sa.String(length=20), server_default="pending", nullable=False),
        sa.Column("total_price", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("special_requests", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("chef_id"), "="),
            (sa.column("period"), "&&"),
            where=sa.text("status <> 'canceled'"),
            using="gist",
            name="ex_bookings_chef_id_period",
        ),
        sa.CheckConstraint(
            "status IN ('pending', 'confirmed', 'completed', 'canceled')", name="ck_bookings_status"
        ),
        sa.CheckConstraint(
            "NOT isempty(period) AND lower_inc(period) AND NOT upper_inc(period)", name="ck_bookings_period"
        ),
        sa.CheckConstraint("duration_hours BETWEEN 1 AND 12", name="ck_bookings_duration_hours"),
        sa.CheckConstraint("total_price > 0", name="ck_bookings_total_price_positive"),
        sa.ForeignKeyConstraint(["chef_id"], ["chefs.id"], name="fk_bookings_chef_id"),
        sa.PrimaryKeyConstraint("id", name="pk_bookings"),
    )
    op.create_index("ix_bookings_chef_id", "bookings", ["chef_id", "id"])
    op.create_index("ix_bookings_user_id", "bookings", ["user_id", "id"])


def downgrade() -> None:
    """Back to the revision before."""
    op.drop_table("bookings")
    op.drop_table("chefs")
