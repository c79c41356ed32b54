"""What the provider reports by itself: twice, late and in any order."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from platform_service.payments.activation import Facts, activate, ask
from platform_service.payments.errors import UnknownCheckout
from platform_service.payments.ledger import record_charge, record_refunds
from platform_service.payments.models import Customer, WebhookEvent
from platform_service.products.models import Product
from platform_service.resources import Resources
from platform_service.subscriptions.models import Subscription
from platform_service.subscriptions.rules import RUNNING
from platform_service.subscriptions.service import follow_provider
from platform_service.users.locking import lock_user
from shared.payments.errors import UnknownPayment
from shared.payments.provider import EventData, ProviderEvent, SubscriptionState

logger = logging.getLogger(__name__)
CHECKOUTS = {"checkout_completed", "checkout_expired"}
SUBSCRIPTIONS = {"subscription_changed", "subscription_deleted", "invoice_paid", "invoice_failed"}


@dataclass(frozen=True)
class News:
    """An event, and what the provider says now of what it is about."""

    event: ProviderEvent
    facts: Facts | None = None
    subscription: SubscriptionState | None = None


async def receive(resources: Resources, *, payload: bytes, signature: str | None) -> str:
    """Handle one delivery; returns what to answer. An event that is of no interest is fine.

    Raises BadWebhook (400), and ProviderUnavailable (503) when the provider cannot be asked: it delivers again.
    """
    event = resources.provider.parse_webhook(payload, signature)
    if await _is_known(resources, event):
        return "This event was handled already."
    news = await _look_into(resources, event)
    async with resources.runtime.database.session() as session:
        if not await _is_first(session, event):
            return "This event was handled already."
        await _apply(session, resources, news)
    return "The event is handled."


async def _look_into(resources: Resources, event: ProviderEvent) -> News:
    """Ask the provider for the present state, outside of any transaction."""
    data = event.data
    try:
        if event.kind in CHECKOUTS and data.checkout is not None:
            return News(event, facts=await ask(resources, data.checkout))
        if event.kind in SUBSCRIPTIONS and data.subscription is not None:
            return News(event, subscription=await resources.provider.get_subscription(data.subscription))
    except (UnknownCheckout, UnknownPayment):
        logger.warning("the provider reports %s of something that it does not know", event.type)
    return News(event)


async def _apply(session: AsyncSession, resources: Resources, news: News) -> None:
    if news.facts is not None:
        try:
            await activate(session, resources, news.facts)
        except UnknownCheckout:
            logger.warning("a checkout was paid that nobody here asked for: %s", news.facts.checkout.id)
    if news.event.kind == "refunded":
        await _record_refund(session, news.event)
    if news.event.kind == "invoice_paid":
        await _record_invoice(session, news.event)
    if news.subscription is not None:
        await _follow(session, resources, news.subscription)


async def _follow(session: AsyncSession, resources: Resources, state: SubscriptionState) -> None:
    """A subscription that is not known here yet gets its state when its checkout is settled."""
    known = select(Subscription.id, Subscription.user_id).where(
        Subscription.provider_subscription_id == state.id
    )
    row = (await session.execute(known)).one_or_none()
    if row is None:
        return
    await lock_user(session, row.user_id)
    subscription = await session.get_one(Subscription, row.id, populate_existing=True)
    await follow_provider(
        session,
        subscription,
        is_running=state.status in RUNNING,
        period_end=state.period_end,
        grace=resources.settings.subscription_grace,
    )


async def _record_invoice(session: AsyncSession, event: ProviderEvent) -> None:
    data = event.data
    if data.payment is None or data.amount is None:
        return
    user_id = await _user_of(session, data)
    if user_id is None:
        logger.warning("an invoice was paid by a customer who is not known: %s", event.id)
        return
    await record_charge(
        session,
        user_id=user_id,
        product_id=await _product_of(session, data),
        amount=data.amount,
        provider_ref=data.payment,
        at=event.created,
    )


async def _record_refund(session: AsyncSession, event: ProviderEvent) -> None:
    data = event.data
    user_id = await _user_of(session, data)
    if user_id is None or data.payment is None or data.amount is None:
        logger.warning("a refund could not be told whose it is: %s", event.id)
        return
    await lock_user(session, user_id)
    await record_refunds(
        session, user_id=user_id, payment=data.payment, refunded=data.amount, at=event.created
    )


async def _user_of(session: AsyncSession, data: EventData) -> int | None:
    return await session.scalar(select(Customer.user_id).where(Customer.provider_id == data.customer))


async def _product_of(session: AsyncSession, data: EventData) -> int | None:
    """By our subscription, or by what the checkout wrote on the provider's, where the invoice comes first."""
    known = select(Subscription.product_id).where(Subscription.provider_subscription_id == data.subscription)
    if (product_id := await session.scalar(known)) is not None:
        return product_id
    noted = data.metadata.get("product_id", "")
    if not (noted.isascii() and noted.isdigit() and len(noted) < 19):
        return None
    return await session.scalar(select(Product.id).where(Product.id == int(noted)))


async def _is_known(resources: Resources, event: ProviderEvent) -> bool:
    statement = select(func.count()).where(WebhookEvent.id == event.id)
    async with resources.runtime.database.read(fresh=True) as connection:
        return bool(await connection.scalar(statement))


async def _is_first(session: AsyncSession, event: ProviderEvent) -> bool:
    """Note the event in the transaction of its effects; a second delivery at the same moment waits here."""
    row = insert(WebhookEvent).values(id=event.id, type=event.type, created_at=event.created)
    noted = row.on_conflict_do_nothing(index_elements=[WebhookEvent.id]).returning(WebhookEvent.id)
    return await session.scalar(noted) is not None
