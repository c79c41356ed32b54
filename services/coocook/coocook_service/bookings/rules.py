"""What a booking may be and become. No database."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final, Literal

from coocook_service.bookings.errors import (
    InvalidTransition,
    OutsideWorkingHours,
    PastDate,
    TooFarAhead,
)
from coocook_service.bookings.times import MAX_DAYS_AHEAD, Period, WorkingHours

Status = Literal["pending", "confirmed", "completed", "canceled"]
Reason = Literal["expired", "customer", "chef", "chef_unavailable"]
"""Why a booking is canceled."""

NEXT: Final[dict[str, tuple[Status, ...]]] = {
    "pending": ("confirmed", "canceled"),
    "confirmed": ("completed", "canceled"),
    "completed": (),
    "canceled": (),
}
REFUND_BEFORE: Final = timedelta(hours=24)
"""A customer who cancels this long before the start gets the money back."""


def total_price(price_per_session: Decimal, duration_hours: int) -> Decimal:
    """A session is an hour, as in the monolith."""
    return price_per_session * duration_hours


def move(current: str, wanted: Status) -> bool:
    """Whether going to `wanted` changes anything: asking for the current status again is not an error.

    Raises InvalidTransition if that status cannot follow the current one.
    """
    if current == wanted:
        return False
    if wanted not in NEXT[current]:
        raise InvalidTransition.between(current, wanted, NEXT[current])
    return True


def check_day(day: date, *, today: date) -> None:
    """Raises PastDate or TooFarAhead. Both dates are the chef's."""
    if day < today:
        raise PastDate
    if day > today + timedelta(days=MAX_DAYS_AHEAD):
        raise TooFarAhead(f"Bookings can be made for the next {MAX_DAYS_AHEAD} days.")


def check_written_day(day: date, *, now: datetime) -> None:
    """As `check_day`, before the chef's timezone is known and so with a day to spare: refuses the year 1 and the
    year 9999 before any arithmetic on them could overflow. Raises PastDate or TooFarAhead."""
    spare = timedelta(days=1)
    if day < now.date() - spare:
        raise PastDate
    if day > now.date() + timedelta(days=MAX_DAYS_AHEAD) + spare:
        raise TooFarAhead(f"Bookings can be made for the next {MAX_DAYS_AHEAD} days.")


def check_fits(hours: WorkingHours, duration: timedelta) -> None:
    """Raises OutsideWorkingHours where the chef's day is too short for it."""
    if not hours.fits(duration):
        raise OutsideWorkingHours.naming(str(hours), field="duration_hours")


def check_period(hours: WorkingHours, period: Period, *, now: datetime) -> None:
    """Raises PastDate or OutsideWorkingHours."""
    if period.start <= now:
        raise PastDate
    if not hours.contain(period):
        raise OutsideWorkingHours.naming(str(hours), field="booking_date")


def refund_due(*, by_chef: bool, starts_at: datetime, now: datetime) -> bool:
    """Whether a payment is refunded when its booking is canceled now."""
    return by_chef or starts_at - now >= REFUND_BEFORE
