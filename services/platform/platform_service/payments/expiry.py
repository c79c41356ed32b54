"""Subscriptions whose paid time is over: their access ends with `valid_until`, their status with this job."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import and_, or_, select

from platform_service.payments.subscription_sync import ask, follow
from platform_service.subscriptions.entitlements import refresh
from platform_service.subscriptions.models import Subscription
from platform_service.subscriptions.rules import is_over
from platform_service.subscriptions.service import end
from platform_service.users.service import lock_user
from shared.db.database import Database
from shared.errors import ServiceError
from shared.payments.errors import UnknownPayment
from shared.payments.provider import PaymentProvider
from shared.schemas.dates import utcnow

logger = logging.getLogger(__name__)
BATCH = 200
ASK_AGAIN_AFTER = timedelta(hours=6)
"""How often the provider is asked about a suspended subscription, in case the report of its payment got lost."""


@dataclass(frozen=True, slots=True)
class DueSubscription:
    """One to look at, in the order of the columns that are read."""

    id: int
    user_id: int
    provider_id: str | None


_DUE: Final = (Subscription.id, Subscription.user_id, Subscription.provider_subscription_id)


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


async def _due(database: Database, grace: timedelta) -> list[DueSubscription]:
    now, suspended = utcnow(), Subscription.suspended_at.is_not(None)
    over = Subscription.current_period_end <= now - grace
    unasked = Subscription.provider_asked_at < now - ASK_AGAIN_AFTER
    due = (
        select(*_DUE)
        .where(Subscription.status == "active", or_(and_(~suspended, over), and_(suspended, unasked)))
        .order_by(Subscription.current_period_end)
        .limit(BATCH)
    )
    async with database.read(fresh=True) as connection:
        return [DueSubscription(*row) for row in await connection.execute(due)]


async def _update_or_end(
    database: Database, provider: PaymentProvider, due: DueSubscription, grace: timedelta
) -> bool:
    """Whether it ended."""
    if due.provider_id is None:
        return await _expire(database, due, grace)
    try:
        answer = await ask(database, provider, due.provider_id)
    except UnknownPayment:
        return await _expire(database, due, grace)
    async with database.session() as session:
        subscription = await follow(session, answer, grace=grace)
        return subscription is not None and subscription.status != "active"


async def _expire(database: Database, due: DueSubscription, grace: timedelta) -> bool:
    """End what no provider knows, if it is still over."""
    async with database.session() as session:
        await lock_user(session, due.user_id)
        subscription = await session.get_one(Subscription, due.id)
        over = is_over(subscription.current_period_end, grace=grace, now=utcnow())
        if subscription.status != "active" or not (over or subscription.suspended_at):
            return False
        end(subscription, "expired")
        await refresh(session, user_id=subscription.user_id, product_id=subscription.product_id, grace=grace)
    return True
