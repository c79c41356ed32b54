"""What coocook tells of bookings, in the transaction that changes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Final

from sqlalchemy.ext.asyncio import AsyncSession

from coocook_service.bookings.models import Booking
from coocook_service.tables import Outbox
from shared.events.event import Event
from shared.events.outbox import publish


class BookingEvent(Event):
    """What each event of a booking says."""

    booking_id: int
    user_id: int
    chef_id: int
    starts_at: datetime
    ends_at: datetime


class BookingCreated(BookingEvent):
    """A chef's time was reserved; it has not been paid yet."""

    type: ClassVar[str] = "booking.created"


class BookingConfirmed(BookingEvent):
    """A booking was paid, or the chef accepted it and it has yet to be paid."""

    type: ClassVar[str] = "booking.confirmed"


class BookingCompleted(BookingEvent):
    """A booking was completed."""

    type: ClassVar[str] = "booking.completed"


class BookingCanceled(BookingEvent):
    """A booking was canceled and its time is free; `reason` is `expired`, `customer`, `chef` or `chef_unavailable`."""

    type: ClassVar[str] = "booking.canceled"

    reason: str | None


EVENTS: Final[dict[str, type[BookingEvent]]] = {
    "confirmed": BookingConfirmed,
    "completed": BookingCompleted,
    "canceled": BookingCanceled,
}


async def publish_status(session: AsyncSession, booking: Booking) -> None:
    """Publish what the booking has become: confirmed, completed or canceled."""
    values: dict[str, Any] = {
        name: getattr(booking, name) for name in ("user_id", "chef_id", "starts_at", "ends_at")
    }
    if booking.status == "canceled":
        values["reason"] = booking.cancel_reason
    await publish_event(session, EVENTS[booking.status](booking_id=booking.id, **values))


async def publish_event(session: AsyncSession, event: BookingEvent) -> None:
    """Publish it in this transaction, after the booking's earlier events."""
    await publish(session, Outbox, event, key=f"booking:{event.booking_id}")
