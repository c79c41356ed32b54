"""The chef's word on a booking, and the customer's cancellation."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from coocook_service.bookings import rules
from coocook_service.bookings.announcing import announce
from coocook_service.bookings.errors import BookingNotFound, NotTheChef
from coocook_service.bookings.models import Booking
from coocook_service.chefs.models import Chef
from coocook_service.payments.refunds import give_back
from shared.clock import utcnow


async def change_status(
    session: AsyncSession, *, booking_id: int, user_id: int, status: rules.Status
) -> Booking:
    """Move a booking on, as its chef. Saying again what is already so changes nothing.

    A chef who cancels gives the money back. Raises BookingNotFound, NotTheChef or InvalidTransition.
    """
    booking = await locked(session, booking_id)
    chef = await session.get_one(Chef, booking.chef_id)
    if chef.user_id != user_id:
        raise NotTheChef
    await _move(session, booking, status, by_chef=True)
    return booking


async def cancel(session: AsyncSession, *, booking_id: int, user_id: int) -> tuple[Booking, bool]:
    """Cancel one's own booking; and whether what was paid is given back, which it is until a day before the start.

    Raises BookingNotFound or InvalidTransition.
    """
    booking = await locked(session, booking_id)
    if booking.user_id != user_id:
        raise BookingNotFound
    return booking, await _move(session, booking, "canceled", by_chef=False)


async def locked(session: AsyncSession, booking_id: int) -> Booking:
    """The booking, which nobody else changes until the transaction ends. Raises BookingNotFound."""
    query = select(Booking).where(Booking.id == booking_id).with_for_update(key_share=True)
    booking = await session.scalar(query)
    if booking is None:
        raise BookingNotFound
    return booking


async def _move(session: AsyncSession, booking: Booking, status: rules.Status, *, by_chef: bool) -> bool:
    """Whether money is given back."""
    if not rules.move(booking.status, status):
        return False
    booking.status = status
    await session.flush()
    await announce(session, booking)
    if status != "canceled" or not rules.refund_due(
        by_chef=by_chef, starts_at=booking.starts_at, now=utcnow()
    ):
        return False
    return bool(await give_back(session, booking_ids=[booking.id]))
