"""Money of a charge that went back or came again: whose it is, the ledger, and what a lost dispute ends.

One provider account serves two flows. Bookings are coocook's, told by their metadata; subscriptions are told by the
invoice that a charge paid.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from platform_service.payments.event_outcomes import HANDLED, NOT_OURS, Outcome, unhandled
from platform_service.payments.ledger import record_charge, record_movements
from platform_service.payments.models import Payment
from platform_service.subscriptions.models import Product, Subscription
from platform_service.subscriptions.service import end_subscription
from platform_service.users.models import Customer
from platform_service.users.service import lock_user
from shared.payments.provider import BOOKING, FLOW, PaidInvoice, PaymentState, ProviderEvent

BY_COOCOOK = ("charge.refunded", "charge.succeeded", "charge.captured", "payment_intent.succeeded")
REFUND_MADE = ("refund.created", "refund.updated", "charge.refund.updated")
"""What coocook knows of a booking's charge by itself, since it asked for it."""


@dataclass(frozen=True)
class Owner:
    """Whose a charge is, and the `provider_ref` of its row in the ledger."""

    user_id: int
    product_id: int | None
    charge: str


def is_booking(metadata: Any) -> bool:
    """Whether a charge is coocook's; those of before December 2026 name only the booking."""
    return metadata.get(FLOW) == BOOKING or (FLOW not in metadata and "booking_id" in metadata)


def of_booking(event: ProviderEvent) -> Outcome:
    """What coocook asked for itself is not ours; a dispute or a refund that failed needs somebody to see to it."""
    if event.type in BY_COOCOOK or (event.type in REFUND_MADE and event.data.status != "failed"):
        return NOT_OURS
    return unhandled("it concerns a booking's charge, and coocook is not notified")


async def take(session: AsyncSession, payment: PaymentState, *, grace: timedelta) -> Outcome:
    """Bring the ledger to what has become of a charge. Twice is once."""
    owner = await _owner(session, payment)
    if owner is None:
        return unhandled("this charge, its invoice and its customer are unknown here")
    await lock_user(session, owner.user_id)
    if payment.invoice is not None:
        await _record_invoice(session, payment.invoice, owner)
    await record_movements(
        session, user_id=owner.user_id, product_id=owner.product_id, charge=owner.charge, payment=payment
    )
    if payment.dispute_lost and payment.invoice is not None:
        await _end(session, payment.invoice.subscription, grace=grace)
    return HANDLED


async def take_invoice(session: AsyncSession, invoice: PaidInvoice) -> bool:
    """Write down a paid invoice of a subscription, unless nobody here knows its customer."""
    owner = await _owner_of_invoice(session, invoice)
    if owner is not None:
        await _record_invoice(session, invoice, owner)
    return owner is not None


async def take_single_invoice(session: AsyncSession, event: ProviderEvent) -> bool:
    """The same for an invoice of no subscription, by the event itself."""
    data = event.data
    user_id = await session.scalar(select(Customer.user_id).where(Customer.provider_id == data.customer))
    if user_id is None or data.amount is None or data.payment is None:
        return False
    await record_charge(
        session,
        user_id=user_id,
        product_id=None,
        amount=data.amount,
        provider_ref=data.payment,
        at=event.created,
    )
    return True


async def _owner_of_invoice(session: AsyncSession, invoice: PaidInvoice) -> Owner | None:
    """By the subscription, or else by the customer: the invoice may come before its checkout is settled."""
    known = select(Subscription.user_id, Subscription.product_id).where(
        Subscription.provider_subscription_id == invoice.subscription
    )
    row = (await session.execute(known)).one_or_none()
    if row is not None:
        return Owner(row.user_id, row.product_id, invoice.id)
    customer = select(Customer.user_id).where(Customer.provider_id == invoice.customer)
    user_id = await session.scalar(customer)
    if user_id is None:
        return None
    return Owner(user_id, await _noted_product(session, invoice), invoice.id)


async def _record_invoice(session: AsyncSession, invoice: PaidInvoice, owner: Owner) -> None:
    await record_charge(
        session,
        user_id=owner.user_id,
        product_id=owner.product_id,
        amount=invoice.amount,
        provider_ref=invoice.id,
        at=invoice.paid_at,
    )


async def _owner(session: AsyncSession, payment: PaymentState) -> Owner | None:
    if payment.invoice is not None:
        return await _owner_of_invoice(session, payment.invoice)
    known = select(Payment.user_id, Payment.product_id).where(
        Payment.provider_ref == payment.id, Payment.kind == "charge"
    )
    row = (await session.execute(known)).one_or_none()
    return None if row is None else Owner(row.user_id, row.product_id, payment.id)


async def _noted_product(session: AsyncSession, invoice: PaidInvoice) -> int | None:
    """What the checkout wrote on the provider's subscription."""
    noted = invoice.metadata.get("product_id", "")
    if not (noted.isascii() and noted.isdigit() and len(noted) < 19):
        return None
    return await session.scalar(select(Product.id).where(Product.id == int(noted)))


async def _end(session: AsyncSession, provider_id: str | None, *, grace: timedelta) -> None:
    known = select(Subscription).where(
        Subscription.provider_subscription_id == provider_id, Subscription.status == "active"
    )
    subscription = (await session.scalars(known)).one_or_none()
    if subscription is not None:
        await end_subscription(session, subscription, grace=grace)
