"""Telling the other services what became of a booking, in the transaction in which it became so."""

from __future__ import annotations

from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from coocook_service.bookings.events import (
    BookingCanceled,
    BookingCompleted,
    BookingConfirmed,
    BookingCreated,
    BookingEvent,
)
from coocook_service.bookings.models import Booking
from coocook_service.tables import Outbox
from shared.events.outbox import publish

EVENTS: Final[dict[str, type[BookingEvent]]] = {
    "pending": BookingCreated,
    "confirmed": BookingConfirmed,
    "completed": BookingCompleted,
    "canceled": BookingCanceled,
}


async def announce(session: AsyncSession, booking: Booking) -> None:
    """Say what the booking's status is now."""
    event = EVENTS[booking.status](
        booking_id=booking.id,
        user_id=booking.user_id,
        chef_id=booking.chef_id,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
    )
    await publish(session, Outbox, event, key=f"booking:{booking.id}")
