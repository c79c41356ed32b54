"""Reservations end, chefs whose account is deactivated are not bookable, one review per customer counts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.db.migrate import LOCK_TIMEOUT

revision: str = "20261130034000"
down_revision: str | None = "20261123120200"

UNPAID = "status IN ('pending', 'confirmed') AND expires_at IS NOT NULL"
INDEXES = (
    ("INDEX", "ix_bookings_unpaid_expires_at", "bookings", "expires_at", UNPAID),
    ("INDEX", "ix_bookings_unpaid_user_id", "bookings", "user_id", UNPAID),
    ("UNIQUE INDEX", "uq_booking_reviews_counts", "booking_reviews", "chef_id, user_id", "counts"),
)
REASON = (
    "cancel_reason IS NULL OR (status = 'canceled'"
    " AND cancel_reason IN ('expired', 'customer', 'chef', 'chef_unavailable'))"
)
WAIT_FOR_TRANSACTIONS = "60s"
"""Rows, and an index that is made concurrently, wait for those that are open, and nobody waits behind them."""

# Whoever has reserved without paying before there were deadlines gets the usual ones, from now on.
GIVE_DEADLINES = """
    UPDATE bookings AS b SET expires_at = least(lower(b.period), now() + CASE b.status
        WHEN 'confirmed' THEN interval '1 day' ELSE interval '30 minutes' END)
    WHERE b.status IN ('pending', 'confirmed') AND b.expires_at IS NULL AND NOT EXISTS (
        SELECT FROM booking_payments AS p WHERE p.booking_id = b.id AND p.status = 'succeeded'
    )
"""
# By differences, so that a review that is written meanwhile is not lost.
COUNT_ONE_REVIEW_EACH = """
    WITH older AS (
        UPDATE booking_reviews AS r SET counts = false
        WHERE r.counts IS NULL AND EXISTS (
            SELECT FROM booking_reviews AS newer
            WHERE newer.chef_id = r.chef_id AND newer.user_id = r.user_id AND newer.id > r.id
        )
        RETURNING r.chef_id, r.rating
    ), excess AS (SELECT chef_id, sum(rating) AS ratings, count(*) AS reviews FROM older GROUP BY chef_id)
    UPDATE chefs SET rating_sum = rating_sum - excess.ratings, rating_count = rating_count - excess.reviews
    FROM excess WHERE chefs.id = excess.chef_id
"""


def upgrade() -> None:
    """Expand: a release before makes bookings with the default deadline, and reviews that count as they did.

    May be run again after it was broken off.
    """
    op.add_column(
        "bookings", sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True), if_not_exists=True
    )
    op.add_column(
        "bookings", sa.Column("cancel_reason", sa.String(length=20), nullable=True), if_not_exists=True
    )
    op.add_column("booking_reviews", sa.Column("counts", sa.Boolean(), nullable=True), if_not_exists=True)
    for column in (
        sa.Column("account_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("account_version", sa.BigInteger(), server_default="0", nullable=False),
    ):
        op.add_column("chefs", column, if_not_exists=True)
    op.execute("ALTER TABLE bookings ALTER expires_at SET DEFAULT now() + interval '30 minutes'")
    op.execute("ALTER TABLE bookings DROP CONSTRAINT IF EXISTS ck_bookings_cancel_reason")
    op.execute(f"ALTER TABLE bookings ADD CONSTRAINT ck_bookings_cancel_reason CHECK ({REASON}) NOT VALID")
    with op.get_context().autocommit_block():
        op.execute(f"SET lock_timeout = '{WAIT_FOR_TRANSACTIONS}'")
        op.execute("ALTER TABLE bookings VALIDATE CONSTRAINT ck_bookings_cancel_reason")
        op.execute(GIVE_DEADLINES)
        op.execute(COUNT_ONE_REVIEW_EACH)
        for kind, name, table, columns, where in INDEXES:
            # What is left of one that was broken off has the name, and serves no query.
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.execute(f"CREATE {kind} CONCURRENTLY {name} ON {table} ({columns}) WHERE {where}")
        op.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")


def downgrade() -> None:
    """Back to the revision before."""
    for _, name, table, _, _ in INDEXES:
        op.drop_index(name, table)
    op.drop_constraint("ck_bookings_cancel_reason", "bookings")
    for table, name in (
        ("bookings", "expires_at"),
        ("bookings", "cancel_reason"),
        ("booking_reviews", "counts"),
        ("chefs", "account_active"),
        ("chefs", "account_version"),
    ):
        op.drop_column(table, name)
