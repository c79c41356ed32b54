"""What customers and chefs read of their bookings: rows without the ORM, from the primary, for they look for what
they have just written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from coocook_service.bookings.errors import BookingNotFound
from shared.db.database import Database
from shared.schemas.keyset import split_page
from shared.schemas.types import MAX_ID

Rows = Sequence[dict[str, Any]]

# Written out, for the bare driver: building and compiling the same statement for each request would cost more than
# running it. $2 is the id before which a page starts. What has expired reads as canceled before a row says so, as in
# `cancellation.has_expired`.
EXPIRED = """(
    b.status IN ('pending', 'confirmed') AND b.expires_at <= statement_timestamp() AND NOT EXISTS (
        SELECT FROM booking_payments AS p WHERE p.booking_id = b.id AND p.status IN ('processing', 'succeeded')
    )
)"""
FIELDS = f"""
    b.id, b.chef_id, b.booking_date, lower(b.period) AS starts_at, upper(b.period) AS ends_at, b.duration_hours,
    b.total_price, b.currency, b.special_requests, b.created_at,
    CASE WHEN {EXPIRED} THEN 'canceled' ELSE b.status END AS status,
    CASE WHEN {EXPIRED} THEN 'expired' ELSE b.cancel_reason END AS cancel_reason,
    CASE WHEN b.status IN ('pending', 'confirmed') AND NOT {EXPIRED} THEN b.expires_at END AS expires_at
"""
OF_CUSTOMER = f"""
    SELECT {FIELDS}, c.name AS chef_name, c.cuisine_type AS chef_cuisine
    FROM bookings AS b JOIN chefs AS c ON c.id = b.chef_id
    WHERE b.user_id = $1 AND b.id < $2 ORDER BY b.id DESC LIMIT $3
"""  # noqa: S608 - of constants
OF_CHEF = f"""
    SELECT {FIELDS}, b.user_id
    FROM bookings AS b JOIN chefs AS c ON c.id = b.chef_id
    WHERE c.user_id = $1 AND b.id < $2 ORDER BY b.id DESC LIMIT $3
"""  # noqa: S608 - of constants
ONE = f"""
    SELECT {FIELDS}, c.name AS chef_name, c.cuisine_type AS chef_cuisine, b.user_id, (
        SELECT p.status FROM booking_payments AS p WHERE p.booking_id = b.id ORDER BY p.attempt DESC LIMIT 1
    ) AS payment_status
    FROM bookings AS b JOIN chefs AS c ON c.id = b.chef_id
    WHERE b.id = $1 AND (b.user_id = $2 OR c.user_id = $2)
"""  # noqa: S608 - of constants


async def of_customer(
    database: Database, *, user_id: int, limit: int, before: int | None
) -> tuple[Rows, int | None]:
    """What a user has booked, newest first, and the id after which the next page starts."""
    return await _page(database, OF_CUSTOMER, user_id, limit, before)


async def of_chef(
    database: Database, *, user_id: int, limit: int, before: int | None
) -> tuple[Rows, int | None]:
    """The bookings that this user serves as a chef, newest first; none if the user is not a chef."""
    return await _page(database, OF_CHEF, user_id, limit, before)


async def one(database: Database, *, booking_id: int, user_id: int) -> dict[str, Any]:
    """A booking, for its customer or its chef. Raises BookingNotFound."""
    rows = await database.fetch(ONE, booking_id, user_id)
    if not rows:
        raise BookingNotFound
    return dict(rows[0])


async def _page(
    database: Database, sql: str, user_id: int, limit: int, before: int | None
) -> tuple[Rows, int | None]:
    found = await database.fetch(sql, user_id, MAX_ID if before is None else before, limit + 1)
    rows, last = split_page([dict(row) for row in found], limit)
    return rows, last["id"] if last else None
