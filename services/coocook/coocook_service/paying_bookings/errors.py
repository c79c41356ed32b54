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
