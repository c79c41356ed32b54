"""The chef's decision about a booking, and the customer's cancellation."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from coocook_service.bookings import rules
from coocook_service.bookings.cancellation import cancel_all, end_if_expired, expires_at
from coocook_service.bookings.errors import BookingNotFound, NotOver, NotPaid, NotTheChef
from coocook_service.bookings.events import publish_status
from coocook_service.bookings.models import Booking
from coocook_service.chefs.models import Chef
from coocook_service.payments.service import is_paid, request_refunds
from shared.schemas.dates import utcnow


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
