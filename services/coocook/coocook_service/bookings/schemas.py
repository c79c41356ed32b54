"""What clients send and read about bookings and their payments."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from coocook_service.bookings.rules import Reason, Status
from coocook_service.bookings.times import MAX_HOURS, MIN_HOURS
from shared.schemas.money import Amount, DecimalNumber
from shared.schemas.text import RawString, Text
from shared.schemas.types import AcceptsCancelled, Id, PlainNumber, Request

PaymentStatus = Literal["processing", "succeeded", "failed", "refunding", "refunded"]
Hours = Annotated[int, Field(ge=MIN_HOURS, le=MAX_HOURS), PlainNumber]


class NewBooking(Request):
    """A request to book a chef. `booking_date` is a date, for any time of that day, or a datetime."""

    chef_id: Id
    booking_date: Annotated[str, RawString()] = Field(
        examples=["2026-12-24", "2026-12-24T18:00", "2026-12-24T18:00:00+09:00"]
    )
    duration_hours: Hours
    special_requests: Annotated[str, Text(0, 2000)] | None = None


class StatusChange(Request):
    """The status that the chef gives a booking."""

    status: Annotated[Status, AcceptsCancelled]


class BookingMade(BaseModel):
    """A reservation: it ends at `expires_at` unless it is paid by then."""

    id: int
    message: str
    total_price: DecimalNumber
    currency: str
    status: Status
    starts_at: datetime
    ends_at: datetime
    expires_at: datetime


class BookingBase(BaseModel):
    """`booking_date` is the day where the chef cooks; `starts_at` and `ends_at` are moments.

    `expires_at`: by when it has to be paid; null once it is paid or canceled. `cancel_reason`: `expired` (not paid in
    time), `customer` or `chef` (who canceled it), `chef_unavailable` (the chef's account is closed).
    """

    id: int
    chef_id: int
    booking_date: date
    starts_at: datetime
    ends_at: datetime
    duration_hours: int
    total_price: DecimalNumber
    currency: str
    status: Status
    special_requests: str
    created_at: datetime
    expires_at: datetime | None
    cancel_reason: Reason | None


class CustomersBooking(BookingBase):
    """A booking as its customer sees it."""

    chef_name: str
    chef_cuisine: str


class ChefsBooking(BookingBase):
    """A booking as its chef sees it."""

    user_id: int


class BookingDetail(CustomersBooking):
    """`payment_status` is that of the last payment attempt; null before the first."""

    user_id: int
    payment_status: PaymentStatus | None


class StatusChanged(BaseModel):
    """The booking after the change."""

    message: str
    status: Status


class Canceled(StatusChanged):
    """`refunded` says whether the payment is refunded."""

    refunded: bool


class FreeSlots(BaseModel):
    """The times of a day at which a booking of `duration_hours` can start."""

    chef_id: int
    date: date
    timezone: str
    duration_hours: int
    starts: list[datetime]


class Payment(Request):
    """`amount` may be left out; what is sent must be the booking's price, so that nobody pays an outdated one."""

    amount: Amount | None = None


class Paid(BaseModel):
    """A payment that succeeded."""

    message: str
    payment_id: int
    booking_id: int
    amount: DecimalNumber
    currency: str
