"""Taking a chef's time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from coocook_service.bookings import rules
from coocook_service.bookings.changes import expires_at, release
from coocook_service.bookings.errors import ChefUnavailable, DayFull, OwnChef, TooManyReservations
from coocook_service.bookings.events import BookingCreated, publish_event
from coocook_service.bookings.models import NO_OVERLAP
from coocook_service.bookings.queries import taken_periods
from coocook_service.bookings.times import Period, WorkingHours, free_starts, parse
from coocook_service.chefs.errors import ChefNotFound
from shared.db.transactions import driver
from shared.schemas.dates import utcnow

# More than a day has free starts: a request that has lost the race for each of them has met a full day.
TRIES = 50

# Written out, for the bare driver: booking is the most frequent write. A customer's bookings come one after the
# other, so that the reservations can be counted; TAKE, a later statement, sees what the booking before has made.
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


@dataclass(frozen=True, slots=True)
class BookableChef:
    """What a booking needs to know of its chef."""

    id: int
    price_per_session: Decimal
    currency: str
    hours: WorkingHours


@dataclass(frozen=True, slots=True)
class Reservation:
    """A booking that was made just now, and has not been paid."""

    id: int
    status: rules.Status
    total_price: Decimal
    currency: str
    period: Period
    expires_at: datetime


async def book(session: AsyncSession, request: BookingRequest, terms: Terms) -> Reservation:
    """Reserve the time that was asked for, or the first free one of the day.

    The same user may book several chefs for the same hours: one party, two cooks. Raises BadDate, PastDate (400),
    ChefNotFound (404), ChefUnavailable, DayFull, TooManyReservations (409), OwnChef, TooFarAhead or
    OutsideWorkingHours (422).
    """
    now = utcnow()
    wanted = parse(request.booking_date)
    rules.check_written_day(wanted.day, now=now)
    chef = await _bookable_chef(session, request)
    start = wanted.start(chef.hours.zone)
    rules.check_day(chef.hours.day_of(start) if start else wanted.day, today=chef.hours.day_of(now))
    rules.check_fits(chef.hours, request.duration)
    if start is None:
        reservation = await _take_first_free(session, chef, request, terms, day=wanted.day, now=now)
    else:
        period = Period(start, start + request.duration)
        rules.check_period(chef.hours, period, now=now)
        reservation = await _take_exactly(session, chef, request, terms, period, now=now)
    await publish_event(session, _created(reservation, request))
    return reservation


def _created(reservation: Reservation, request: BookingRequest) -> BookingCreated:
    return BookingCreated(
        booking_id=reservation.id,
        user_id=request.user_id,
        chef_id=request.chef_id,
        starts_at=reservation.period.start,
        ends_at=reservation.period.end,
    )


async def _bookable_chef(session: AsyncSession, request: BookingRequest) -> BookableChef:
    # Shared lock: a chef who leaves at this moment waits, and then sees and cancels this booking.
    row = await (await driver(session)).fetchrow(CHEF, request.chef_id, str(request.user_id))
    if row is None or not row["is_active"]:
        raise ChefNotFound
    if row["user_id"] == request.user_id:
        raise OwnChef
    return BookableChef(
        id=row["id"],
        price_per_session=row["price_per_session"],
        currency=row["currency"],
        hours=WorkingHours(row["opens_hour"], row["closes_hour"], ZoneInfo(row["timezone"])),
    )


async def _take_exactly(
    session: AsyncSession,
    chef: BookableChef,
    request: BookingRequest,
    terms: Terms,
    period: Period,
    *,
    now: datetime,
) -> Reservation:
    reservation = await _take(session, chef, request, terms, period, now=now)
    if reservation is None and await release(session, chef_id=chef.id, period=period, now=now):
        reservation = await _take(session, chef, request, terms, period, now=now)
    if reservation is None:
        raise ChefUnavailable
    return reservation


async def _take_first_free(
    session: AsyncSession,
    chef: BookableChef,
    request: BookingRequest,
    terms: Terms,
    *,
    day: date,
    now: datetime,
) -> Reservation:
    working = chef.hours.on(day)
    for _ in range(TRIES):
        taken, others_expired = await taken_periods(session, chef_id=chef.id, within=working, now=now)
        start = next(free_starts(chef.hours, day, duration=request.duration, busy=taken, now=now), None)
        if start is None:
            break
        period = Period(start, start + request.duration)
        if others_expired:
            await release(session, chef_id=chef.id, period=period, now=now)
        # Somebody may have taken it since it was read: then look again.
        reservation = await _take(session, chef, request, terms, period, now=now)
        if reservation is not None:
            return reservation
    raise DayFull


async def _take(
    session: AsyncSession,
    chef: BookableChef,
    request: BookingRequest,
    terms: Terms,
    period: Period,
    *,
    now: datetime,
) -> Reservation | None:
    """The reservation, or None if the exclusion constraint says that the time is taken. Raises TooManyReservations.

    ON CONFLICT waits for whoever is taking the same time just now, and unlike a plain INSERT it cannot deadlock
    with them; and no savepoint is needed to go on after a conflict.
    """
    price = rules.total_price(chef.price_per_session, request.duration_hours)
    deadline = expires_at(now=now, starts_at=period.start, seconds=terms.seconds)
    row = await (await driver(session)).fetchrow(
        TAKE,
        request.user_id,
        chef.id,
        chef.hours.day_of(period.start),
        asyncpg.Range(period.start, period.end),
        request.duration_hours,
        price,
        chef.currency,
        request.special_requests,
        deadline,
        now,
        terms.at_most,
    )
    assert row is not None  # noqa: S101 - an aggregate always answers
    if row["reservations"] >= terms.at_most:
        raise TooManyReservations(terms.at_most)
    if row["id"] is None:
        return None
    return Reservation(row["id"], row["status"], price, chef.currency, period, deadline)
