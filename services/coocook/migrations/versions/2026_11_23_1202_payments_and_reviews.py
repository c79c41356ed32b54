"""Booking payments and reviews."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "20261123120200"
down_revision: str | None = "20261123120100"


def upgrade() -> None:
    """Expand."""
    op.create_table(
        "booking_payments",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("customer", sa.String(length=255), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("status", sa.String(length=20), server_default="processing", nullable=False),
        sa.Column("transaction_id", sa.String(length=255), nullable=True),
        sa.Column("request_key", sa.String(length=255), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status IN ('processing', 'succeeded', 'failed', 'refunding', 'refunded')",
            name="ck_booking_payments_status",
        ),
        sa.CheckConstraint(
            "transaction_id IS NOT NULL OR status IN ('processing', 'failed')",
            name="ck_booking_payments_transaction_id",
        ),
        sa.CheckConstraint("amount > 0", name="ck_booking_payments_amount_positive"),
        sa.ForeignKeyConstraint(["booking_id"], ["bookings.id"], name="fk_booking_payments_booking_id"),
        sa.PrimaryKeyConstraint("id", name="pk_booking_payments"),
    )
    op.create_index(
        "uq_booking_payments_booking_id_attempt", "booking_payments", ["booking_id", "attempt"], unique=True
    )
    op.create_index(
        "uq_booking_payments_open",
        "booking_payments",
        ["booking_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('processing', 'succeeded')"),
    )
    op.create_index(
        "uq_booking_payments_request_key",
        "booking_payments",
        ["user_id", "request_key"],
        unique=True,
        postgresql_where=sa.text("request_key IS NOT NULL AND status <> 'failed'"),
    )
    op.create_table(
        "booking_reviews",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("chef_id", sa.BigInteger(), nullable=False),
        sa.Column("rating", sa.SmallInteger(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("rating BETWEEN 1 AND 5", name="ck_booking_reviews_rating"),
        sa.ForeignKeyConstraint(["booking_id"], ["bookings.id"], name="fk_booking_reviews_booking_id"),
        sa.ForeignKeyConstraint(["chef_id"], ["chefs.id"], name="fk_booking_reviews_chef_id"),
        sa.PrimaryKeyConstraint("id", name="pk_booking_reviews"),
        sa.UniqueConstraint("booking_id", name="uq_booking_reviews_booking_id"),
    )
    op.create_index("ix_booking_reviews_chef_id", "booking_reviews", ["chef_id", "id"])
    op.create_index("ix_booking_reviews_user_id", "booking_reviews", ["user_id"])


def downgrade() -> None:
    """Back to the revision before."""
    op.drop_table("booking_reviews")
    op.drop_table("booking_payments")
