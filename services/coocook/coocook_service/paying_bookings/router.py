"""Paying over HTTP."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from coocook_service.bookings.errors import BookingNotFound
from coocook_service.deps import PREFIX, PRODUCT, EntitlementsDep, Provider, Subscriber
from coocook_service.paying_bookings import errors
from coocook_service.paying_bookings.schemas import Paid, Payment
from coocook_service.paying_bookings.service import pay
from coocook_service.paying_bookings.settlement import ChargeRequest
from shared.auth.errors import SubscriptionRequired
from shared.idempotency import IdempotencyKeyReused
from shared.idempotency.idempotent import IdempotencyKey
from shared.payments.errors import CardDeclined, PaymentMethodMissing, ProviderRefused, ProviderUnavailable
from shared.schemas.types import Id
from shared.web.answers import ModelAnswer
from shared.web.deps import RuntimeDep
from shared.web.problems import responses

router = APIRouter(prefix=PREFIX, tags=["payments"])
PAYING_ERRORS = (
    BookingNotFound,
    errors.AmountDiffers,
    errors.NoCard,
    errors.NotYourBooking,
    errors.AlreadyPaid,
    errors.CanceledBooking,
    errors.ReservationExpired,
    errors.BookingStarted,
    errors.PaymentInProgress,
    CardDeclined,
    PaymentMethodMissing,
    ProviderRefused,
    ProviderUnavailable,
    IdempotencyKeyReused,
    SubscriptionRequired,
)


@router.post("/bookings/{booking_id}/pay", response_model=Paid, responses=responses(*PAYING_ERRORS))
async def pay_booking(
    runtime: RuntimeDep,
    provider: Provider,
    entitlements: EntitlementsDep,
    user: Subscriber,
    key: IdempotencyKey,
    booking_id: Id,
    body: Payment | None = None,
) -> Response:
    """Pay for your booking with your subscription's card, which confirms the booking."""
    entitlement = await entitlements.check(user.user_id, PRODUCT)
    request = ChargeRequest(
        booking_id=booking_id,
        user_id=user.user_id,
        amount=body.amount if body else None,
        customer=entitlement.customer if entitlement else None,
        request_key=key,
    )
    payment = await pay(runtime.database, provider, request)
    return ModelAnswer(
        Paid(
            message="The payment succeeded and the booking is confirmed.",
            payment_id=payment.id,
            booking_id=payment.booking_id,
            amount=payment.amount,
            currency=payment.currency,
        )
    )
