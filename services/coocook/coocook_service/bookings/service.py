"""Taking a chef's time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import asyncpg
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from coocook_service.bookings import rules
from coocook_service.bookings.announcing import announce
from coocook_service.bookings.errors import ChefUnavailable, DayFull, OwnChef
from coocook_service.bookings.models import NO_OVERLAP, Booking
from coocook_service.bookings.slots import Period, WorkingHours, free_starts
from coocook_service.bookings.times import parse
from coocook_service.chefs.errors import ChefNotFound
from coocook_service.chefs.models import Chef
from shared.clock import utcnow
from shared.db.driver import driver

# More than a day has starts to offer: who has lost the race for each of them has met a full day.
TRIES = 50

# Written out, for the bare driver: booking is the write that there is most of.
CHEF = """
    SELECT id, user_id, is_active, price_per_session, currency, timezone, opens_hour, closes_hour
    FROM chefs WHERE id = $1 FOR SHARE
"""
TAKE = f"""
    INSERT INTO bookings
        (user_id, chef_id, booking_date, period, duration_hours, total_price, currency, special_requests)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT ON CONSTRAINT {NO_OVERLAP} DO NOTHING RETURNING id, status
"""  # noqa: S608 - of constants


@dataclass(frozen=True, slots=True)
class Wish:
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


async def book(session: AsyncSession, wish: Wish) -> Booking:
    """Take the time that was asked for, or the first free one of the day.

    The same user may book several chefs for the same hours: one party, two cooks. Raises BadDate, PastDate (400),
    ChefNotFound (404), ChefUnavailable, DayFull (409), OwnChef, TooFarAhead or OutsideWorkingHours (422).
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
        booking = await _take_first_free(session, chef, wish, day=wanted.day, now=now)
    else:
        period = Period(start, start + wish.duration)
        rules.check_period(hours, period, now=now)
        booking = await _take_exactly(session, chef, wish, period)
    await announce(session, booking)
    return booking


def working_hours(chef: Chef) -> WorkingHours:
    """When this chef works."""
    return WorkingHours(chef.opens_hour, chef.closes_hour, ZoneInfo(chef.timezone))


async def busy_periods(session: AsyncSession, *, chef_id: int, within: Period) -> Iterator[Period]:
    """The times of a chef that are taken, as far as they touch `within`."""
    query = select(func.lower(Booking.period), func.upper(Booking.period)).where(
        Booking.chef_id == chef_id,
        Booking.status != "canceled",
        Booking.period.overlaps(Range(within.start, within.end)),
    )
    return (Period(start, end) for start, end in await session.execute(query))


async def _bookable_chef(session: AsyncSession, wish: Wish) -> Chef:
    # Shared lock: a chef who leaves at this moment waits, and then sees and cancels this booking.
    row = await (await driver(session)).fetchrow(CHEF, wish.chef_id)
    if row is None or not row["is_active"]:
        raise ChefNotFound
    if row["user_id"] == wish.user_id:
        raise OwnChef
    return Chef(**row)


async def _take_exactly(session: AsyncSession, chef: Chef, wish: Wish, period: Period) -> Booking:
    booking = await _take(session, chef, wish, period)
    if booking is None:
        raise ChefUnavailable
    return booking


async def _take_first_free(
    session: AsyncSession, chef: Chef, wish: Wish, *, day: date, now: datetime
) -> Booking:
    hours = working_hours(chef)
    for _ in range(TRIES):
        busy = await busy_periods(session, chef_id=chef.id, within=hours.on(day))
        start = next(free_starts(hours, day, duration=wish.duration, busy=busy, now=now), None)
        if start is None:
            break
        # Somebody may have taken it since it was read: then look again.
        booking = await _take(session, chef, wish, Period(start, start + wish.duration))
        if booking is not None:
            return booking
    raise DayFull


async def _take(session: AsyncSession, chef: Chef, wish: Wish, period: Period) -> Booking | None:
    """The booking, or None if the exclusion constraint says that the time is taken.

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
    }
    taken = values | {"period": asyncpg.Range(period.start, period.end)}
    row = await (await driver(session)).fetchrow(TAKE, *taken.values())
    return None if row is None else Booking(**values, **row)
