"""Subscriptions whose paid time is over: their access ends with `valid_until`, their status with this job."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, or_, select

from platform_service.resources import Resources
from platform_service.subscriptions.entitlements import refresh
from platform_service.subscriptions.following import ask, follow
from platform_service.subscriptions.models import Subscription
from platform_service.subscriptions.rules import is_over
from platform_service.subscriptions.service import end
from platform_service.users.locking import lock_user
from shared.errors import ServiceError
from shared.payments.errors import UnknownPayment
from shared.schemas.dates import utcnow

logger = logging.getLogger(__name__)
BATCH = 200
ASK_AGAIN_AFTER = timedelta(hours=6)
"""How often the provider is asked about a suspended subscription, in case the report of its payment got lost."""


async def expire_due(resources: Resources) -> int:
    """See to what is over and was not renewed; how many ended.

    Those of a provider are asked about first: a payment whose report got lost extends one, and one that the provider
    still tries to collect is suspended, not ended. Only an end ends.
    """
    ended = 0
    for row in await _due(resources):
        try:
            ended += await _see_to(resources, row)
        except ServiceError as error:
            logger.warning("subscription %s is left for the next run: %s", row.id, error.message)
    return ended


async def _due(resources: Resources) -> list[Any]:
    now, suspended = utcnow(), Subscription.suspended_at.is_not(None)
    over = Subscription.current_period_end <= now - resources.settings.subscription_grace
    unasked = Subscription.provider_asked_at < now - ASK_AGAIN_AFTER
    due = (
        select(Subscription.id, Subscription.user_id, Subscription.provider_subscription_id)
        .where(Subscription.status == "active", or_(and_(~suspended, over), and_(suspended, unasked)))
        .order_by(Subscription.current_period_end)
        .limit(BATCH)
    )
    async with resources.runtime.database.read(fresh=True) as connection:
        return list(await connection.execute(due))


async def _see_to(resources: Resources, row: Any) -> bool:
    """Whether it ended."""
    provider_id, grace = row.provider_subscription_id, resources.settings.subscription_grace
    if provider_id is None:
        return await _expire(resources, row)
    try:
        answer = await ask(resources, provider_id)
    except UnknownPayment:
        return await _expire(resources, row)
    async with resources.runtime.database.session() as session:
        subscription = await follow(session, answer, grace=grace)
        return subscription is not None and subscription.status != "active"


async def _expire(resources: Resources, row: Any) -> bool:
    """End what no provider knows, if it is still over."""
    grace = resources.settings.subscription_grace
    async with resources.runtime.database.session() as session:
        await lock_user(session, row.user_id)
        subscription = await session.get_one(Subscription, row.id)
        over = is_over(subscription.current_period_end, grace=grace, now=utcnow())
        if subscription.status != "active" or not (over or subscription.suspended_at):
            return False
        end(subscription, "expired")
        await refresh(session, user_id=subscription.user_id, product_id=subscription.product_id, grace=grace)
    return True
