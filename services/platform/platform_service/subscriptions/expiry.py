"""Subscriptions end by themselves: their access with `valid_until`, their status with this job."""

from __future__ import annotations

import logging
from typing import Any

from sqlalchemy import select

from platform_service.resources import Resources
from platform_service.subscriptions.entitlements import refresh
from platform_service.subscriptions.models import Subscription
from platform_service.subscriptions.rules import RUNNING, later
from platform_service.subscriptions.service import end
from platform_service.users.locking import lock_user
from shared.clock import utcnow
from shared.errors import ServiceError
from shared.payments.errors import UnknownPayment

logger = logging.getLogger(__name__)
BATCH = 200


async def expire_due(resources: Resources) -> int:
    """Expire what is over and was not renewed; how many ended.

    The provider is asked about each one first: a renewal whose report got lost extends it instead.
    """
    grace = resources.settings.subscription_grace
    due = (
        select(Subscription.id, Subscription.user_id, Subscription.provider_subscription_id)
        .where(Subscription.status == "active", Subscription.current_period_end <= utcnow() - grace)
        .order_by(Subscription.current_period_end)
        .limit(BATCH)
    )
    async with resources.runtime.database.read(fresh=True) as connection:
        rows = (await connection.execute(due)).all()
    ended = 0
    for row in rows:
        try:
            ended += await _settle(resources, row)
        except ServiceError as error:
            logger.warning("subscription %s stays for the next time: %s", row.id, error.message)
    return ended


async def _settle(resources: Resources, row: Any) -> bool:
    renewed_until = await _renewed_until(resources, row.provider_subscription_id)
    grace = resources.settings.subscription_grace
    async with resources.runtime.database.session() as session:
        await lock_user(session, row.user_id)
        subscription = await session.get_one(Subscription, row.id)
        if subscription.status != "active":
            return False
        subscription.current_period_end = later(subscription.current_period_end, renewed_until)
        over = (
            subscription.current_period_end is not None
            and subscription.current_period_end <= utcnow() - grace
        )
        if over:
            end(subscription, "expired")
        await refresh(session, user_id=subscription.user_id, product_id=subscription.product_id, grace=grace)
    return over


async def _renewed_until(resources: Resources, provider_id: str | None) -> Any:
    if provider_id is None:
        return None
    try:
        state = await resources.provider.get_subscription(provider_id)
    except UnknownPayment:
        return None
    return state.period_end if state.status in RUNNING else None
