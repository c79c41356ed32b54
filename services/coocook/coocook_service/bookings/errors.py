"""What can be wrong about a booking.

ServiceError
  400 BadDate, PastDate
  403 NotTheChef
  404 BookingNotFound
  409 ChefUnavailable, DayFull, InvalidTransition, NotOver, NotPaid, TooManyReservations
  422 TooFarAhead, OutsideWorkingHours, OwnChef
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from shared.errors import BadRequest, Conflict, FieldError, Forbidden, NotFound, Unprocessable

if TYPE_CHECKING:
    from coocook_service.bookings.slots import WorkingHours


class BadDate(BadRequest):
    """booking_date must be a date such as 2026-12-24 or a datetime such as 2026-12-24T18:00."""

    def __init__(self) -> None:
        super().__init__(errors=[FieldError("booking_date", "not a date or datetime")])


class PastDate(BadRequest):
    """This date is in the past."""

    def __init__(self) -> None:
        super().__init__(errors=[FieldError("booking_date", "past")])


class NotTheChef(Forbidden):
    """Only the booked chef may change the booking's status."""


class BookingNotFound(NotFound):
    """You have no booking with this id."""


class ChefUnavailable(Conflict):
    """The chef is already booked at this time."""


class DayFull(Conflict):
    """The chef has no free time of this length on that day."""


class InvalidTransition(Conflict):
    """The booking's status does not allow this change."""

    @classmethod
    def between(cls, current: str, wanted: str, possible: Sequence[str]) -> InvalidTransition:
        """Says what is possible instead."""
        choice = f"it can become {' or '.join(possible)}" if possible else "it stays so"
        return cls(f"The booking is {current}: {choice}, not {wanted}.", possible=list(possible))


class NotPaid(Conflict):
    """The booking is not paid; a booking can be completed once it is paid and its time is over."""


class NotOver(Conflict):
    """The booking is not over yet; it can be completed after its end."""


class TooManyReservations(Conflict):
    """You have too many unpaid reservations."""

    def __init__(self, at_most: int) -> None:
        message = (
            f"You have {at_most} reservations that are not paid, which is the most at a time."
            " Pay or cancel one of them, or wait until one expires."
        )
        super().__init__(message, limit=at_most)


class TooFarAhead(Unprocessable):
    """This date is too far in the future."""

    def __init__(self, message: str) -> None:
        super().__init__(message, errors=[FieldError("booking_date", message)])


class OutsideWorkingHours(Unprocessable):
    """The chef does not work at this time."""

    @classmethod
    def naming(cls, hours: WorkingHours, *, field: str) -> OutsideWorkingHours:
        """Says when the chef works."""
        message = f"The chef works from {hours}."
        return cls(message, errors=[FieldError(field, message)])


class OwnChef(Unprocessable):
    """Chefs cannot book themselves."""

    def __init__(self) -> None:
        super().__init__(errors=[FieldError("chef_id", "your own")])
