"""What a job brings in line with the provider, since no report of it came or none is to be waited for.

Checkouts that nobody reported on, subscriptions whose paid time is over, and payments that must go back.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import and_, or_, select, update

from platform_service.payments.activation import settle
from platform_service.payments.errors import UnknownCheckout
from platform_service.payments.models import Checkout
from platform_service.payments.subscription_sync import ask, follow
from platform_service.subscriptions.models import Subscription
from platform_service.subscriptions.rules import is_over
from platform_service.subscriptions.service import end, refresh_entitlement
from platform_service.users.service import lock_user
from shared.db.database import Database
from shared.errors import ServiceError
from shared.payments.errors import UnknownPayment
from shared.payments.provider import PaymentProvider
from shared.schemas.dates import utcnow

logger = logging.getLogger(__name__)
CHECKOUTS_AT_ONCE = 100
FIRST_AFTER = timedelta(minutes=2)
"""Who is at the checkout page right now is not asked about."""
AGAIN_AFTER = timedelta(hours=1)
"""Until it is paid, or the provider has closed the page after a day."""
SUBSCRIPTIONS_AT_ONCE = 200
ASK_AGAIN_AFTER = timedelta(hours=6)
"""How often the provider is asked about a suspended subscription, in case the report of its payment got lost."""


@dataclass(frozen=True, slots=True)
class DueSubscription:
    """One to look at, in the order of the columns that are read."""

    id: int
    user_id: int
    provider_id: str | None


_DUE: Final = (Subscription.id, Subscription.user_id, Subscription.provider_subscription_id)


async def settle_open(database: Database, provider: PaymentProvider, *, grace: timedelta) -> int:
    """Ask about checkouts whose webhook and success page both got lost; how many were completed by that."""
    completed = 0
    for session_id in await _take_pending(database):
        try:
            completed += await settle(database, provider, session_id, grace=grace) == "completed"
        except UnknownCheckout:
            await _close(database, session_id)
        except ServiceError as error:
            logger.warning("checkout %s will be settled later: %s", session_id, error.message)
    return completed


async def expire_due(database: Database, provider: PaymentProvider, *, grace: timedelta) -> int:
    """End what is over and was not renewed; how many ended.

    Those of a provider are asked about first: a payment whose report got lost extends one, and one that the provider
    still tries to collect is suspended, not ended. Only an end ends.
    """
    ended = 0
    for due in await _due(database, grace):
        try:
            ended += await _update_or_end(database, provider, due, grace)
        except ServiceError as error:
            logger.warning("subscription %s is left for the next run: %s", due.id, error.message)
    return ended


async def end_at_provider(provider: PaymentProvider, subscription: str) -> None:
    """Cancel a subscription, then take back what is still open of it. Repeatable. Raises ProviderUnavailable."""
    await provider.cancel_subscription(subscription, idempotency_key=f"cancel:{subscription}")
    await provider.void_open_invoices(subscription)


async def undo(provider: PaymentProvider, *, subscription: str | None, payment: str | None) -> None:
    """End an accidental second subscription and refund its payment. Raises ProviderUnavailable."""
    if subscription is not None:
        await end_at_provider(provider, subscription)
    if payment is not None:
        await provider.refund(payment, idempotency_key=f"refund:{payment}")


async def _take_pending(database: Database) -> list[str]:
    """The checkouts to ask about now; another worker does not get them, nor this one for a while."""
    now = utcnow()
    due = (
        select(Checkout.id)
        .where(
            Checkout.status == "pending",
            Checkout.created_at < now - FIRST_AFTER,
            or_(Checkout.asked_at.is_(None), Checkout.asked_at < now - AGAIN_AFTER),
        )
        .order_by(Checkout.created_at.desc())
        .limit(CHECKOUTS_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    taken = update(Checkout).where(Checkout.id.in_(due)).values(asked_at=now)
    async with database.session() as session:
        return list(await session.scalars(taken.returning(Checkout.provider_session_id)))


async def _close(database: Database, session_id: str) -> None:
    """The provider no longer knows it, so it will never be paid."""
    statement = update(Checkout).where(Checkout.provider_session_id == session_id)
    async with database.session() as session:
        await session.execute(statement.values(status="expired"))


async def _due(database: Database, grace: timedelta) -> list[DueSubscription]:
    now, suspended = utcnow(), Subscription.suspended_at.is_not(None)
    over = Subscription.current_period_end <= now - grace
    unasked = Subscription.provider_asked_at < now - ASK_AGAIN_AFTER
    due = (
        select(*_DUE)
        .where(Subscription.status == "active", or_(and_(~suspended, over), and_(suspended, unasked)))
        .order_by(Subscription.current_period_end)
        .limit(SUBSCRIPTIONS_AT_ONCE)
    )
    async with database.read(fresh=True) as connection:
        return [DueSubscription(*row) for row in await connection.execute(due)]


async def _update_or_end(
    database: Database, provider: PaymentProvider, due: DueSubscription, grace: timedelta
) -> bool:
    """Whether it ended."""
    if due.provider_id is None:
        return await _end_if_over(database, due, grace)
    try:
        answer = await ask(database, provider, due.provider_id)
    except UnknownPayment:
        return await _end_if_over(database, due, grace)
    async with database.session() as session:
        subscription = await follow(session, answer, grace=grace)
        return subscription is not None and subscription.status != "active"


async def _end_if_over(database: Database, due: DueSubscription, grace: timedelta) -> bool:
    """End what no provider knows, if it is still over."""
    async with database.session() as session:
        await lock_user(session, due.user_id)
        subscription = await session.get_one(Subscription, due.id)
        over = is_over(subscription.current_period_end, grace=grace, now=utcnow())
        if subscription.status != "active" or not (over or subscription.suspended_at):
            return False
        end(subscription, "expired")
        await refresh_entitlement(
            session, user_id=subscription.user_id, product_id=subscription.product_id, grace=grace
        )
    return True
