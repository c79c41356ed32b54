"""What coocook tells of bookings."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from shared.events.event import Event


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
