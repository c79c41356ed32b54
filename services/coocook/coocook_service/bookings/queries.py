"""What customers and chefs read: their bookings, and a chef's free times, which a new booking looks at too.

Bookings are read by plain SQL, and everything from the primary: people look for what they have just written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from coocook_service.bookings.changes import has_expired
from coocook_service.bookings.errors import BookingNotFound
from coocook_service.bookings.models import Booking
from coocook_service.bookings.rules import Reason, Status
from coocook_service.bookings.schemas import FreeSlots, PaymentStatus
from coocook_service.bookings.times import MAX_DAYS_AHEAD, Period, WorkingHours, free_starts
from coocook_service.chefs.errors import ChefNotFound
from coocook_service.chefs.models import IS_OPEN, Chef
from shared.db.database import Database
from shared.schemas.dates import utcnow
from shared.schemas.keyset import split_page
from shared.schemas.types import MAX_ID


@dataclass(frozen=True, slots=True)
class BookingRow:
    """A booking, in the order of `FIELDS`."""

    id: int
    chef_id: int
    booking_date: date
    starts_at: datetime
    ends_at: datetime
    duration_hours: int
    total_price: Decimal
    currency: str
    special_requests: str
    created_at: datetime
    status: Status
    cancel_reason: Reason | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class CustomersRow(BookingRow):
    """For its customer."""

    chef_name: str
    chef_cuisine: str


@dataclass(frozen=True, slots=True)
class ChefsRow(BookingRow):
    """For its chef."""

    user_id: int


@dataclass(frozen=True, slots=True)
class DetailRow(CustomersRow):
    """For both, with what became of the last payment."""

    user_id: int
    payment_status: PaymentStatus | None


Row = TypeVar("Row", bound=BookingRow)

# Written out, for the bare driver: building and compiling the same statement for each request would cost more than
# running it. $2 is the id before which a page starts. What has expired reads as canceled before a row says so, as in
# `changes.has_expired`.
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
) -> tuple[Sequence[CustomersRow], int | None]:
    """What a user has booked, newest first, and the id after which the next page starts."""
    return await _page(database, CustomersRow, OF_CUSTOMER, user_id, limit, before)


async def of_chef(
    database: Database, *, user_id: int, limit: int, before: int | None
) -> tuple[Sequence[ChefsRow], int | None]:
    """The bookings that this user serves as a chef, newest first; none if the user is not a chef."""
    return await _page(database, ChefsRow, OF_CHEF, user_id, limit, before)


async def one(database: Database, *, booking_id: int, user_id: int) -> DetailRow:
    """A booking, for its customer or its chef. Raises BookingNotFound."""
    rows = await database.fetch(ONE, booking_id, user_id)
    if not rows:
        raise BookingNotFound
    return DetailRow(*rows[0])


async def free_slots(database: Database, *, chef_id: int, day: date, duration_hours: int) -> FreeSlots:
    """The starts of that day at which a booking is possible. Raises ChefNotFound."""
    now, duration = utcnow(), timedelta(hours=duration_hours)
    async with database.read(fresh=True) as connection:
        hours = await _working_hours(connection, chef_id)
        starts = list[datetime]()
        if timedelta() <= day - hours.day_of(now) <= timedelta(days=MAX_DAYS_AHEAD):
            busy, _ = await taken_periods(connection, chef_id=chef_id, within=hours.on(day), now=now)
            starts = list(free_starts(hours, day, duration=duration, busy=busy, now=now))
    return FreeSlots(
        chef_id=chef_id, date=day, timezone=hours.zone.key, duration_hours=duration_hours, starts=starts
    )


async def taken_periods(
    connection: AsyncConnection | AsyncSession, *, chef_id: int, within: Period, now: datetime
) -> tuple[list[Period], bool]:
    """The times of a chef that are taken, as far as they touch `within`; and whether others there have expired."""
    query = select(
        func.lower(Booking.period), func.upper(Booking.period), has_expired(now).label("expired")
    ).where(
        Booking.chef_id == chef_id,
        Booking.status != "canceled",
        Booking.period.overlaps(Range(within.start, within.end)),
    )
    rows = (await connection.execute(query)).all()
    taken = [Period(start, end) for start, end, expired in rows if not expired]
    return taken, any(row.expired for row in rows)


async def _page(
    database: Database, row: type[Row], sql: str, user_id: int, limit: int, before: int | None
) -> tuple[Sequence[Row], int | None]:
    found = await database.fetch(sql, user_id, MAX_ID if before is None else before, limit + 1)
    rows, last = split_page([row(*values) for values in found], limit)
    return rows, last.id if last else None


async def _working_hours(connection: AsyncConnection, chef_id: int) -> WorkingHours:
    query = select(Chef.opens_hour, Chef.closes_hour, Chef.timezone).where(Chef.id == chef_id, IS_OPEN)
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise ChefNotFound
    return WorkingHours(row.opens_hour, row.closes_hour, ZoneInfo(row.timezone))
