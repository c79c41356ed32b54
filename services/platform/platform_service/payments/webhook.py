"""What the provider reports by itself: twice, late and in any order.

An event is acknowledged once what it says is in our tables, or once it is kept for somebody to see to. Whatever goes
wrong before that is 5xx, and the provider delivers again.
"""

from __future__ import annotations

import json
from datetime import timedelta

from sqlalchemy import func, select

from platform_service.payments import movements, subscription_sync
from platform_service.payments.activation import activate, ask
from platform_service.payments.errors import UnknownCheckout, UnknownEvent
from platform_service.payments.event_outcomes import (
    HANDLED,
    IRRELEVANT,
    Outcome,
    is_known,
    mark_handled,
    payment_events_of,
    record,
    unhandled,
)
from platform_service.payments.models import UnhandledEvent
from platform_service.subscriptions.models import Subscription
from shared.db.database import Database
from shared.payments.errors import UnknownPayment, UnreadableAmount
from shared.payments.metrics import count_payment
from shared.payments.provider import PaymentProvider, PaymentState, ProviderEvent

REFUNDS = {"refund.created", "refund.updated", "refund.failed", "charge.refund.updated"}
SUBSCRIPTIONS = {"subscription_changed", "subscription_deleted", "invoice_paid", "invoice_failed"}


async def receive(
    database: Database,
    provider: PaymentProvider,
    *,
    grace: timedelta,
    payload: bytes,
    signature: str | None,
) -> str:
    """Take one delivery; returns what to answer.

    Raises BadWebhook (400), and ProviderUnavailable (503) when the provider cannot be asked: it delivers again.
    """
    event = provider.parse_webhook(payload, signature)
    if await is_known(database, event):
        return "This event was taken already."
    outcome = await handle(database, provider, event, grace=grace)
    async with database.session() as session:
        is_first = await record(session, event, outcome, json.loads(payload))
        if is_first and event.kind == "invoice_failed":
            count_payment(session, kind="charge", outcome="failed")
    if is_first:
        payment_events_of(event.type, outcome.word).inc()
    return "The event is handled." if outcome.word != "unhandled" else "The event is kept."


async def retry(database: Database, provider: PaymentProvider, event_id: str, *, grace: timedelta) -> Outcome:
    """Handle a kept event once more, after a release that knows it. Raises UnknownEvent, ProviderUnavailable."""
    async with database.session() as session:
        kept = await session.get(UnhandledEvent, event_id)
    if kept is None:
        raise UnknownEvent
    outcome = await handle(database, provider, provider.read_event(kept.payload), grace=grace)
    if outcome.word != "unhandled":
        payment_events_of(kept.type, outcome.word).inc()
        await mark_handled(database, event_id, outcome.word)
    return outcome


async def handle(
    database: Database, provider: PaymentProvider, event: ProviderEvent, *, grace: timedelta
) -> Outcome:
    """Do what an event asks for; done twice it has one effect.

    The provider is asked for the present state, outside of any transaction; the event only says what to ask about.
    """
    try:
        if event.kind == "irrelevant":
            return IRRELEVANT
        if event.kind in ("checkout_completed", "checkout_expired"):
            return await _checkout(database, provider, event, grace)
        if event.kind in SUBSCRIPTIONS:
            return await _subscription(database, provider, event, grace)
        if event.kind == "payment_changed":
            return await _payment(database, provider, event, grace)
    except UnknownPayment:
        return unhandled("the provider does not know what its event is about")
    except UnreadableAmount as error:
        return unhandled(error.message)
    return unhandled(event.problem or "nothing here knows this type of event")


async def _checkout(
    database: Database, provider: PaymentProvider, event: ProviderEvent, grace: timedelta
) -> Outcome:
    try:
        facts = await ask(database, provider, str(event.data.checkout))
        async with database.session() as session:
            await activate(session, facts, grace=grace)
    except UnknownCheckout:
        return unhandled("this checkout was not created here")
    return HANDLED


async def _subscription(
    database: Database, provider: PaymentProvider, event: ProviderEvent, grace: timedelta
) -> Outcome:
    """Of a subscription or of an invoice. One that is not known here yet gets its state with its checkout."""
    if event.data.subscription is None:
        return await _single_invoice(database, event)
    answer = await subscription_sync.ask(database, provider, event.data.subscription)
    async with database.session() as session:
        if await subscription_sync.follow(session, answer, grace=grace) is not None:
            return HANDLED
        recorded = [await movements.take_invoice(session, invoice) for invoice in answer.state.invoices]
    if "product_id" not in answer.state.metadata or not all(recorded):
        return unhandled("a subscription that nobody here checked out")
    if len(recorded) > 1:
        return unhandled("a subscription that was undone here, or never settled, was paid for again")
    return HANDLED


async def _single_invoice(database: Database, event: ProviderEvent) -> Outcome:
    """One that somebody wrote by hand at the provider: what it says is all there is to know."""
    if event.kind != "invoice_paid":
        return IRRELEVANT
    async with database.session() as session:
        known = await movements.take_single_invoice(session, event)
    return HANDLED if known else unhandled("the invoice's customer is not known here")


async def _payment(
    database: Database, provider: PaymentProvider, event: ProviderEvent, grace: timedelta
) -> Outcome:
    """First the ledger, then, in a transaction that begins after it is written, the access that follows from it."""
    if movements.is_booking(event.data.metadata):
        return movements.of_booking(event)
    payment = await provider.get_payment(str(event.data.payment))
    if movements.is_booking(payment.metadata):
        return movements.of_booking(event)
    async with database.session() as session:
        outcome = await movements.take(session, payment, grace=grace)
    subscription = None if payment.invoice is None else payment.invoice.subscription
    if outcome is not HANDLED or subscription is None:
        return outcome
    is_active = await _is_active(database, subscription)
    if _is_disputed(payment) or not is_active:
        answer = await subscription_sync.ask(database, provider, subscription)
        async with database.session() as session:
            await subscription_sync.follow(session, answer, grace=grace)
    if not is_active and _came_back(event):
        return unhandled("the bank did not take a refund of a subscription that is over")
    return HANDLED


def _is_disputed(payment: PaymentState) -> bool:
    """Then it makes a difference to the subscription's access."""
    return any(move.kind.startswith("dispute") for move in payment.movements)


def _came_back(event: ProviderEvent) -> bool:
    return event.type in REFUNDS and event.data.status in ("failed", "canceled")


async def _is_active(database: Database, provider_id: str) -> bool:
    statement = select(func.count()).where(
        Subscription.provider_subscription_id == provider_id, Subscription.status == "active"
    )
    async with database.read(fresh=True) as connection:
        return bool(await connection.scalar(statement))
