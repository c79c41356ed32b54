"""How bookings change: by the chef's decision, by the customer's cancellation, and by time, when nobody pays.

What is canceled has a reason, which the customer reads and the event carries. What is not paid by its deadline is
canceled, and its time is free at that moment. The exclusion constraint knows no clock. So whoever wants a time cancels
what has expired there in the same transaction; the schedule does it where nobody wants the time, and readers see it as
canceled before either.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from coocook_service.bookings import rules
from coocook_service.bookings.errors import BookingNotFound, NotOver, NotPaid, NotTheChef
from coocook_service.bookings.events import publish_status
from coocook_service.bookings.models import Booking, BookingPayment
from coocook_service.bookings.refunds import is_paid, request_refunds
from coocook_service.bookings.times import Period
from coocook_service.chefs.models import Chef
from shared.db.database import Database
from shared.schemas.dates import utcnow

AT_A_TIME: Final = 100
"""Reservations that one transaction of the schedule cancels."""
HELD_OR_PAID: Final = exists().where(
    BookingPayment.booking_id == Booking.id, BookingPayment.status.in_(("processing", "succeeded"))
)
"""A payment whose outcome is not known yet keeps the reservation until it is: nobody pays for what is gone."""


async def change_status(
    session: AsyncSession, *, booking_id: int, user_id: int, status: rules.Status, accepted_seconds: int
) -> Booking:
    """Move a booking on, as its chef. Saying again what is already so changes nothing.

    A chef who confirms an unpaid booking accepts it: it stays to be paid, within `accepted_seconds`. A chef who
    cancels gives the money back. Raises BookingNotFound, NotTheChef, InvalidTransition, NotPaid or NotOver.
    """
    booking = await locked(session, booking_id)
    chef = await session.get_one(Chef, booking.chef_id)
    if chef.user_id != user_id:
        raise NotTheChef
    await end_if_expired(session, booking, now=utcnow())
    if not rules.move(booking.status, status):
        return booking
    if status == "canceled":
        await _cancel(session, booking, by_chef=True)
        return booking
    if status == "completed":
        await _check_completable(session, booking)
    else:
        deadline = expires_at(now=utcnow(), starts_at=booking.starts_at, seconds=accepted_seconds)
        booking.expires_at = max(booking.expires_at or deadline, deadline)
    booking.status = status
    await session.flush()
    await publish_status(session, booking)
    return booking


async def cancel(session: AsyncSession, *, booking_id: int, user_id: int) -> tuple[Booking, bool]:
    """Cancel one's own booking; returns whether the payment is refunded, as it is until a day before the start.

    Raises BookingNotFound or InvalidTransition.
    """
    booking = await locked(session, booking_id)
    if booking.user_id != user_id:
        raise BookingNotFound
    await end_if_expired(session, booking, now=utcnow())
    if not rules.move(booking.status, "canceled"):
        return booking, False
    return booking, await _cancel(session, booking, by_chef=False)


async def locked(session: AsyncSession, booking_id: int) -> Booking:
    """The booking, which nobody else changes until the transaction ends. Raises BookingNotFound."""
    query = select(Booking).where(Booking.id == booking_id).with_for_update(key_share=True)
    booking = await session.scalar(query)
    if booking is None:
        raise BookingNotFound
    return booking


async def cancel_all(session: AsyncSession, bookings: Sequence[Booking], *, reason: rules.Reason) -> None:
    """Cancel locked bookings. The caller refunds what was paid for them."""
    for booking in bookings:
        booking.status, booking.cancel_reason, booking.expires_at = "canceled", reason, None
    await session.flush()
    for booking in bookings:
        await publish_status(session, booking)


def expires_at(*, now: datetime, starts_at: datetime, seconds: int) -> datetime:
    """The deadline of a reservation that is made or accepted now: never past its start."""
    return min(now + timedelta(seconds=seconds), starts_at)


def has_expired(now: datetime) -> ColumnElement[bool]:
    """Of a booking's row: whether its time is free again, whatever its status says."""
    return and_(Booking.status.in_(("pending", "confirmed")), Booking.expires_at <= now, ~HELD_OR_PAID)


async def release(session: AsyncSession, *, chef_id: int, period: Period, now: datetime) -> bool:
    """Cancel what has expired within a chef's time, so that this transaction may take it; whether there was any."""
    overlapping = Booking.period.overlaps(Range(period.start, period.end))
    query = select(Booking.id).where(Booking.chef_id == chef_id, overlapping, has_expired(now))
    seen = (await session.scalars(query)).all()
    if not seen:
        return False
    query = select(Booking.id).where(Booking.id.in_(seen)).order_by(Booking.id)
    ids = (await session.scalars(query.with_for_update(key_share=True))).all()
    await _cancel_expired(session, ids, now)
    return True


async def end_if_expired(session: AsyncSession, booking: Booking, *, now: datetime) -> None:
    """Cancel a locked booking if it has expired."""
    if booking.expires_at is not None and booking.expires_at <= now:
        await _cancel_expired(session, [booking.id], now)


async def cancel_all_expired(database: Database) -> int:
    """What the schedule does, in small transactions. How many it canceled."""
    canceled = 0
    while True:
        now = utcnow()
        async with database.session() as session:
            query = select(Booking.id).where(has_expired(now)).order_by(Booking.expires_at).limit(AT_A_TIME)
            # Rows that somebody is changing are skipped, and left for the next time.
            ids = (await session.scalars(query.with_for_update(key_share=True, skip_locked=True))).all()
            canceled += await _cancel_expired(session, ids, now)
        if len(ids) < AT_A_TIME:
            return canceled


async def _check_completable(session: AsyncSession, booking: Booking) -> None:
    if not await is_paid(session, booking.id):
        raise NotPaid
    if utcnow() < booking.ends_at:
        raise NotOver


async def _cancel(session: AsyncSession, booking: Booking, *, by_chef: bool) -> bool:
    """Whether the payment is refunded."""
    await cancel_all(session, [booking], reason="chef" if by_chef else "customer")
    if not rules.refund_due(by_chef=by_chef, starts_at=booking.starts_at, now=utcnow()):
        return False
    return bool(await request_refunds(session, booking_ids=[booking.id]))


async def _cancel_expired(session: AsyncSession, ids: Sequence[int], now: datetime) -> int:
    """The second look, with the rows locked: meanwhile a payment may have been claimed."""
    if not ids:
        return 0
    query = select(Booking).where(Booking.id.in_(ids), has_expired(now)).order_by(Booking.id)
    bookings = (await session.scalars(query.execution_options(populate_existing=True))).all()
    await cancel_all(session, bookings, reason="expired")
    return len(bookings)
