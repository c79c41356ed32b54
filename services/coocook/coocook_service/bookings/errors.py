"""What can be wrong about a booking and its payment; the provider's own errors are in shared.payments.errors.

ServiceError
  400 AmountDiffers, BadDate, PastDate
  402 NoCard
  403 NotTheChef, NotYourBooking
  404 BookingNotFound
  409 AlreadyPaid, BookingStarted, CanceledBooking, ChefUnavailable, DayFull, InvalidTransition, NotOver, NotPaid,
      PaymentInProgress, ReservationExpired, TooManyReservations
  422 TooFarAhead, OutsideWorkingHours, OwnChef
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from shared.errors import (
    BadRequest,
    Conflict,
    FieldError,
    Forbidden,
    NotFound,
    PaymentRequired,
    Unprocessable,
)


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
        choice = f"it can become {' or '.join(possible)}, not {wanted}" if possible else "that is final"
        return cls(f"The booking is {current}: {choice}.", possible=list(possible))


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
    def naming(cls, hours: str, *, field: str) -> OutsideWorkingHours:
        """Says when the chef works."""
        message = f"The chef works from {hours}."
        return cls(message, errors=[FieldError(field, message)])


class OwnChef(Unprocessable):
    """Chefs cannot book themselves."""

    def __init__(self) -> None:
        super().__init__(errors=[FieldError("chef_id", "your own")])


class AmountDiffers(BadRequest):
    """The amount is not the booking's price."""

    def __init__(self, price: Decimal, currency: str) -> None:
        message = f"The booking costs {price} {currency}."
        super().__init__(message, errors=[FieldError("amount", message)])


class NoCard(PaymentRequired):
    """There is no card on file. Subscribe to coocook first; that subscription's card is charged."""


class NotYourBooking(Forbidden):
    """Only the customer who made the booking may pay for it."""


class AlreadyPaid(Conflict):
    """The booking is already paid."""


class CanceledBooking(Conflict):
    """The booking is canceled."""


class ReservationExpired(Conflict):
    """The reservation was not paid in time and has expired. Book again."""


class BookingStarted(Conflict):
    """The booking has started and can no longer be paid."""


class PaymentInProgress(Conflict):
    """The booking's payment is in progress. Look at the booking again in a few seconds."""

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "5"})
