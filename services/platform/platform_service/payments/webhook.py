"""What the provider reports by itself: twice, late and in any order.

An event is acknowledged once what it says is in our tables, or once it is kept for somebody to see to. Whatever goes
wrong before that is 5xx, and the provider delivers again.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from platform_service.payments import movements
from platform_service.payments.activation import activate, ask
from platform_service.payments.errors import UnknownCheckout
from platform_service.payments.models import UnhandledEvent, WebhookEvent
from platform_service.payments.outcome import (
    HANDLED,
    IRRELEVANT,
    Outcome,
    payment_events_total,
    unhandled,
)
from platform_service.resources import Resources
from platform_service.subscriptions import following
from platform_service.subscriptions.models import Subscription
from shared.payments.errors import UnknownPayment, UnreadableAmount
from shared.payments.provider import PaymentState, ProviderEvent

logger = logging.getLogger(__name__)
REFUNDS = {"refund.created", "refund.updated", "refund.failed", "charge.refund.updated"}
SUBSCRIPTIONS = {"subscription_changed", "subscription_deleted", "invoice_paid", "invoice_failed"}


async def receive(resources: Resources, *, payload: bytes, signature: str | None) -> str:
    """Take one delivery; returns what to answer.

    Raises BadWebhook (400), and ProviderUnavailable (503) when the provider cannot be asked: it delivers again.
    """
    event = resources.provider.parse_webhook(payload, signature)
    if await _is_known(resources, event):
        return "This event was taken already."
    outcome = await handle(resources, event)
    async with resources.runtime.database.session() as session:
        is_first = await _note(session, event, outcome, json.loads(payload))
    if is_first:
        payment_events_total.labels(event.type, outcome.word).inc()
    return "The event is handled." if outcome.word != "unhandled" else "The event is kept."


async def handle(resources: Resources, event: ProviderEvent) -> Outcome:
    """Do what an event asks for; done twice it has one effect.

    The provider is asked for the present state, outside of any transaction; the event only says what to ask about.
    """
    try:
        if event.kind == "irrelevant":
            return IRRELEVANT
        if event.kind in ("checkout_completed", "checkout_expired"):
            return await _checkout(resources, event)
        if event.kind in SUBSCRIPTIONS:
            return await _subscription(resources, event)
        if event.kind == "payment_changed":
            return await _payment(resources, event)
    except UnknownPayment:
        return unhandled("the provider does not know what its event is about")
    except UnreadableAmount as error:
        return unhandled(error.message)
    return unhandled(event.problem or "nothing here knows this type of event")


async def _checkout(resources: Resources, event: ProviderEvent) -> Outcome:
    try:
        facts = await ask(resources, str(event.data.checkout))
        async with resources.runtime.database.session() as session:
            await activate(session, resources, facts)
    except UnknownCheckout:
        return unhandled("this checkout was not created here")
    return HANDLED


async def _subscription(resources: Resources, event: ProviderEvent) -> Outcome:
    """Of a subscription or of an invoice. One that is not known here yet gets its state with its checkout."""
    if event.data.subscription is None:
        return await _single_invoice(resources, event)
    answer = await following.ask(resources, event.data.subscription)
    async with resources.runtime.database.session() as session:
        if await following.follow(session, answer, grace=resources.settings.subscription_grace) is not None:
            return HANDLED
        recorded = [await movements.take_invoice(session, invoice) for invoice in answer.state.invoices]
    if "product_id" not in answer.state.metadata or not all(recorded):
        return unhandled("a subscription that nobody here checked out")
    if len(recorded) > 1:
        return unhandled("a subscription that was undone here, or never settled, was paid for again")
    return HANDLED


async def _single_invoice(resources: Resources, event: ProviderEvent) -> Outcome:
    """One that somebody wrote by hand at the provider: what it says is all there is to know."""
    if event.kind != "invoice_paid":
        return IRRELEVANT
    async with resources.runtime.database.session() as session:
        known = await movements.take_single_invoice(session, event)
    return HANDLED if known else unhandled("the invoice's customer is not known here")


async def _payment(resources: Resources, event: ProviderEvent) -> Outcome:
    """First the ledger, then, in a transaction that begins after it is written, the access that follows from it."""
    if movements.is_booking(event.data.metadata):
        return movements.of_booking(event)
    payment = await resources.provider.get_payment(str(event.data.payment))
    if movements.is_booking(payment.metadata):
        return movements.of_booking(event)
    grace = resources.settings.subscription_grace
    async with resources.runtime.database.session() as session:
        outcome = await movements.take(session, payment, grace=grace)
    subscription = None if payment.invoice is None else payment.invoice.subscription
    if outcome is not HANDLED or subscription is None:
        return outcome
    is_active = await _is_active(resources, subscription)
    if _is_disputed(payment) or not is_active:
        answer = await following.ask(resources, subscription)
        async with resources.runtime.database.session() as session:
            await following.follow(session, answer, grace=grace)
    if not is_active and _came_back(event):
        return unhandled("the bank did not take a refund of a subscription that is over")
    return HANDLED


def _is_disputed(payment: PaymentState) -> bool:
    """Then it makes a difference to the subscription's access."""
    return any(move.kind.startswith("dispute") for move in payment.movements)


def _came_back(event: ProviderEvent) -> bool:
    return event.type in REFUNDS and event.data.status in ("failed", "canceled")


async def _is_active(resources: Resources, provider_id: str) -> bool:
    statement = select(func.count()).where(
        Subscription.provider_subscription_id == provider_id, Subscription.status == "active"
    )
    async with resources.runtime.database.read(fresh=True) as connection:
        return bool(await connection.scalar(statement))


async def _is_known(resources: Resources, event: ProviderEvent) -> bool:
    statement = select(func.count()).where(WebhookEvent.id == event.id)
    async with resources.runtime.database.read(fresh=True) as connection:
        return bool(await connection.scalar(statement))


async def _note(session: AsyncSession, event: ProviderEvent, outcome: Outcome, content: Any) -> bool:
    """Record the outcome, and keep the whole event if it was not handled. False for a second delivery."""
    row = insert(WebhookEvent).values(
        id=event.id, type=event.type, created_at=event.created, outcome=outcome.word
    )
    noted = row.on_conflict_do_nothing(index_elements=[WebhookEvent.id]).returning(WebhookEvent.id)
    if await session.scalar(noted) is None:
        return False
    if outcome.word == "unhandled":
        logger.error("payment event %s (%s) is kept as unhandled: %s", event.id, event.type, outcome.reason)
        kept = insert(UnhandledEvent).values(
            id=event.id, type=event.type, created_at=event.created, reason=outcome.reason, payload=content
        )
        await session.execute(kept.on_conflict_do_nothing(index_elements=[UnhandledEvent.id]))
    return True
