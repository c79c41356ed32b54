"""Telling the other services what became of a booking, in the transaction in which it became so."""

from __future__ import annotations

from typing import Any, Final

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
    values: dict[str, Any] = {
        name: getattr(booking, name) for name in ("user_id", "chef_id", "starts_at", "ends_at")
    }
    if booking.status == "canceled":
        values["reason"] = booking.cancel_reason
    event = EVENTS[booking.status](booking_id=booking.id, **values)
    await publish(session, Outbox, event, key=f"booking:{booking.id}")
