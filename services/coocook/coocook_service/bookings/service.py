"""Taking a chef's time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import asyncpg
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from coocook_service.bookings import rules
from coocook_service.bookings.announcing import announce
from coocook_service.bookings.errors import ChefUnavailable, DayFull, OwnChef, TooManyReservations
from coocook_service.bookings.expiry import expires_at, has_expired, release
from coocook_service.bookings.models import NO_OVERLAP, Booking
from coocook_service.bookings.slots import Period, WorkingHours, free_starts
from coocook_service.bookings.times import parse
from coocook_service.chefs.errors import ChefNotFound
from coocook_service.chefs.models import Chef
from shared.db.transactions import driver
from shared.schemas.dates import utcnow

# More than a day has starts to offer: who has lost the race for each of them has met a full day.
TRIES = 50

# Written out, for the bare driver: booking is the write that there is most of. The customer's bookings come one after
# the other, so that their reservations can be counted; TAKE, a later statement, sees what the one before has made.
CHEF = """
    SELECT id, user_id, is_active AND account_active AS is_active, price_per_session, currency, timezone, opens_hour,
        closes_hour, pg_advisory_xact_lock(hashtextextended('reservations of ' || $2, 0)) AS locked
    FROM chefs WHERE id = $1 FOR SHARE
"""
TAKE = f"""
    WITH unpaid AS (
        SELECT count(*) AS reservations FROM bookings
        WHERE user_id = $1 AND status IN ('pending', 'confirmed') AND expires_at > $10
    ), taken AS (
        INSERT INTO bookings (user_id, chef_id, booking_date, period, duration_hours, total_price, currency,
            special_requests, expires_at)
        SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9 FROM unpaid WHERE reservations < $11
        ON CONFLICT ON CONSTRAINT {NO_OVERLAP} DO NOTHING RETURNING id, status
    )
    SELECT reservations, id, status FROM unpaid LEFT JOIN taken ON true
"""  # noqa: S608 - of constants


@dataclass(frozen=True, slots=True)
class Terms:
    """How long a reservation waits for its payment, and how many such a customer may have at a time."""

    seconds: int
    at_most: int


@dataclass(frozen=True, slots=True)
class BookingRequest:
    """What `user_id` wants to book."""

    user_id: int
    chef_id: int
    booking_date: str
    duration_hours: int
    special_requests: str

    @property
    def duration(self) -> timedelta:
        """How long the chef is wanted."""
        return timedelta(hours=self.duration_hours)


async def book(session: AsyncSession, wish: BookingRequest, terms: Terms) -> Booking:
    """Reserve the time that was asked for, or the first free one of the day.

    The same user may book several chefs for the same hours: one party, two cooks. Raises BadDate, PastDate (400),
    ChefNotFound (404), ChefUnavailable, DayFull, TooManyReservations (409), OwnChef, TooFarAhead or
    OutsideWorkingHours (422).
    """
    now = utcnow()
    wanted = parse(wish.booking_date)
    rules.check_written_day(wanted.day, now=now)
    chef = await _bookable_chef(session, wish)
    hours = working_hours(chef)
    start = wanted.start(hours.zone)
    rules.check_day(hours.day_of(start) if start else wanted.day, today=hours.day_of(now))
    rules.check_fits(hours, wish.duration)
    if start is None:
        booking = await _take_first_free(session, chef, wish, terms, day=wanted.day, now=now)
    else:
        period = Period(start, start + wish.duration)
        rules.check_period(hours, period, now=now)
        booking = await _take_exactly(session, chef, wish, terms, period, now=now)
    await announce(session, booking)
    return booking


def working_hours(chef: Chef) -> WorkingHours:
    """When this chef works."""
    return WorkingHours(chef.opens_hour, chef.closes_hour, ZoneInfo(chef.timezone))


async def taken_periods(
    session: AsyncSession, *, chef_id: int, within: Period, now: datetime
) -> tuple[list[Period], bool]:
    """The times of a chef that are taken, as far as they touch `within`; and whether others there have expired."""
    query = select(
        func.lower(Booking.period), func.upper(Booking.period), has_expired(now).label("expired")
    ).where(
        Booking.chef_id == chef_id,
        Booking.status != "canceled",
        Booking.period.overlaps(Range(within.start, within.end)),
    )
    rows = (await session.execute(query)).all()
    return [Period(start, end) for start, end, expired in rows if not expired], any(
        row.expired for row in rows
    )


async def _bookable_chef(session: AsyncSession, wish: BookingRequest) -> Chef:
    # Shared lock: a chef who leaves at this moment waits, and then sees and cancels this booking.
    row = await (await driver(session)).fetchrow(CHEF, wish.chef_id, str(wish.user_id))
    if row is None or not row["is_active"]:
        raise ChefNotFound
    if row["user_id"] == wish.user_id:
        raise OwnChef
    return Chef(**{name: value for name, value in row.items() if name != "locked"})


async def _take_exactly(
    session: AsyncSession, chef: Chef, wish: BookingRequest, terms: Terms, period: Period, *, now: datetime
) -> Booking:
    booking = await _take(session, chef, wish, terms, period, now=now)
    if booking is None and await release(session, chef_id=chef.id, period=period, now=now):
        booking = await _take(session, chef, wish, terms, period, now=now)
    if booking is None:
        raise ChefUnavailable
    return booking


async def _take_first_free(
    session: AsyncSession, chef: Chef, wish: BookingRequest, terms: Terms, *, day: date, now: datetime
) -> Booking:
    hours = working_hours(chef)
    for _ in range(TRIES):
        taken, others_expired = await taken_periods(session, chef_id=chef.id, within=hours.on(day), now=now)
        start = next(free_starts(hours, day, duration=wish.duration, busy=taken, now=now), None)
        if start is None:
            break
        period = Period(start, start + wish.duration)
        if others_expired:
            await release(session, chef_id=chef.id, period=period, now=now)
        # Somebody may have taken it since it was read: then look again.
        booking = await _take(session, chef, wish, terms, period, now=now)
        if booking is not None:
            return booking
    raise DayFull


async def _take(
    session: AsyncSession, chef: Chef, wish: BookingRequest, terms: Terms, period: Period, *, now: datetime
) -> Booking | None:
    """The booking, or None if the exclusion constraint says that the time is taken. Raises TooManyReservations.

    ON CONFLICT waits for whoever is taking the same time just now, and unlike a plain INSERT it cannot deadlock
    with them; and no savepoint is needed to go on after a conflict.
    """
    values = {
        "user_id": wish.user_id,
        "chef_id": chef.id,
        "booking_date": working_hours(chef).day_of(period.start),
        "period": Range(period.start, period.end),
        "duration_hours": wish.duration_hours,
        "total_price": rules.total_price(chef.price_per_session, wish.duration_hours),
        "currency": chef.currency,
        "special_requests": wish.special_requests,
        "expires_at": expires_at(now=now, starts_at=period.start, seconds=terms.seconds),
    }
    taken = values | {"period": asyncpg.Range(period.start, period.end)}
    row = await (await driver(session)).fetchrow(TAKE, *taken.values(), now, terms.at_most)
    assert row is not None  # noqa: S101 - an aggregate always answers
    if row["reservations"] >= terms.at_most:
        raise TooManyReservations(terms.at_most)
    return None if row["id"] is None else Booking(**values, id=row["id"], status=row["status"])
