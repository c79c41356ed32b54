"""What can be wrong about a booking's payment; the provider's own errors are in shared.payments.errors.

ServiceError
  400 AmountDiffers
  402 NoCard
  403 NotYourBooking
  409 AlreadyPaid, BookingStarted, CanceledBooking, PaymentInProgress, ReservationExpired
"""

from __future__ import annotations

from decimal import Decimal

from shared.errors import BadRequest, Conflict, FieldError, Forbidden, PaymentRequired


class AmountDiffers(BadRequest):
    """The amount is not the booking's price."""

    def __init__(self, price: Decimal, currency: str) -> None:
        message = f"The booking costs {price} {currency}."
        super().__init__(message, errors=[FieldError("amount", message)])


class NoCard(PaymentRequired):
    """There is no card on file for you. Check out a subscription of coocook first; its card is charged."""


class NotYourBooking(Forbidden):
    """Only who booked may pay."""


class AlreadyPaid(Conflict):
    """The booking is paid already."""


class CanceledBooking(Conflict):
    """The booking is canceled."""


class ReservationExpired(Conflict):
    """The reservation was not paid in time and has expired. Book again."""


class BookingStarted(Conflict):
    """The booking has started: it cannot be paid any more."""


class PaymentInProgress(Conflict):
    """The booking's payment is in progress. Look at the booking again in a few seconds."""

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "5"})
