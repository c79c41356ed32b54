"""Paying for a booking: claim, charge, settle. The first and the last are a transaction each; none is open between.

Whatever breaks in between, the claim's job repeats the same charge, which the provider makes once, and settles it.
"""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import Final

from coocook_service.bookings.errors import CanceledBooking, PaymentInProgress
from coocook_service.bookings.models import BookingPayment
from coocook_service.bookings.settlement import ChargeRequest, claim, fail, settle
from shared.db.database import Database
from shared.payments.errors import CardDeclined, PaymentMethodMissing, ProviderRefused, UnknownPayment
from shared.payments.provider import BOOKING, FLOW, Charge, PaymentProvider
from shared.schemas.dates import utcnow
from shared.schemas.money import Money

WAIT_SECONDS: Final = 5.0
"""How long a repeated request waits for the answer of the first one, which is still at the provider."""
POLL_SECONDS: Final = 0.05
ABANDONED_AFTER: Final = timedelta(seconds=15)
"""Longer than any request lives: the process that claimed the payment has ended."""
KEYS_REMEMBERED: Final = timedelta(hours=23)
"""Providers forget an idempotency key after a day: charging again after that could charge twice."""
REFUSALS: Final = (CardDeclined, PaymentMethodMissing, ProviderRefused, UnknownPayment)
"""The provider's word that nothing was charged."""


class NotSettled(Exception):
    """The provider has not decided yet; the job is retried."""


async def pay(database: Database, provider: PaymentProvider, request: ChargeRequest) -> BookingPayment:
    """The succeeded payment. Raises what `claim` raises, CardDeclined (402) or ProviderUnavailable (503)."""
    async with database.session() as session:
        payment, is_new = await claim(session, request)
    if is_new:
        payment = await finish(database, provider, payment)
    elif payment.status == "processing":
        payment = await _outcome_of_first_request(database, provider, payment)
    if payment.status == "processing":
        raise PaymentInProgress
    if payment.status == "failed":
        raise CardDeclined
    if is_new and payment.status in {"refunding", "refunded"}:
        raise CanceledBooking("The booking was canceled in the meantime; the payment is refunded.")
    return payment


async def finish(database: Database, provider: PaymentProvider, payment: BookingPayment) -> BookingPayment:
    """Charge for a claimed payment and settle it. Raises ProviderUnavailable or one of REFUSALS."""
    try:
        charge = await _charge(provider, payment)
    except REFUSALS:
        async with database.session() as session:
            await fail(session, payment_id=payment.id)
        raise
    async with database.session() as session:
        payment = await settle(session, payment_id=payment.id, charge=charge)
    if payment.status == "failed":
        raise CardDeclined
    return payment


async def settle_unsettled(database: Database, provider: PaymentProvider, *, payment_id: int) -> None:
    """What the job does. Raises ProviderUnavailable or NotSettled, to be tried again."""
    payment = await _read(database, payment_id)
    if payment.status != "processing":
        return
    try:
        payment = await finish(database, provider, payment)
    except REFUSALS:
        return  # settled too: it failed
    if payment.status == "processing":
        raise NotSettled


async def _charge(provider: PaymentProvider, payment: BookingPayment) -> Charge:
    if utcnow() - payment.created_at > KEYS_REMEMBERED:
        found = await _earlier_charge(provider, payment)
        if found is None:
            raise UnknownPayment
        return found
    charge = await provider.charge(
        amount=Money(payment.amount, payment.currency),
        customer=payment.customer,
        description=f"CooCook booking {payment.booking_id}",
        metadata={
            FLOW: BOOKING,  # platform's subscriptions are charged in the same account
            "booking_id": str(payment.booking_id),
            "booking_payment_id": str(payment.id),
        },
        idempotency_key=payment.charge_key,
    )
    if charge.status != "processing":
        return charge
    # A repeated key repeats the first answer, so what has become of it since is asked for.
    return await _earlier_charge(provider, payment) or charge


async def _earlier_charge(provider: PaymentProvider, payment: BookingPayment) -> Charge | None:
    return await provider.find_charge(customer=payment.customer, idempotency_key=payment.charge_key)


async def _outcome_of_first_request(
    database: Database, provider: PaymentProvider, payment: BookingPayment
) -> BookingPayment:
    if utcnow() - payment.created_at > ABANDONED_AFTER:
        return await finish(database, provider, payment)
    return await _wait(database, payment.id)


async def _wait(database: Database, payment_id: int) -> BookingPayment:
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        payment = await _read(database, payment_id)
        if payment.status != "processing" or time.monotonic() > deadline:
            return payment
        await asyncio.sleep(POLL_SECONDS)


async def _read(database: Database, payment_id: int) -> BookingPayment:
    async with database.session() as session:
        return await session.get_one(BookingPayment, payment_id)
