"""Subscriptions: listing, starting, ending. Whatever changes one announces the entitlement that follows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from platform_service.products.models import Product
from platform_service.subscriptions.entitlements import refresh
from platform_service.subscriptions.errors import AlreadySubscribed, NotYourSubscription, UnknownSubscription
from platform_service.subscriptions.models import Subscription
from platform_service.tables import AnySelect
from platform_service.users.locking import lock_user
from shared.db.constraints import translate
from shared.jobs import enqueue
from shared.schemas.dates import utcnow
from shared.schemas.keyset import split_page

CANCEL_JOB = "subscriptions.cancel_at_provider"
"""Cancels at the provider, and voids what is still open there."""
UNDO_JOB = "payments.undo_checkout"
"""The same, and pays one payment back."""


def rows_of(user_id: int) -> AnySelect:
    """A user's subscriptions with their products' names, the newest first."""
    return (
        select(
            Subscription.id,
            Subscription.product_id,
            Product.name.label("product_name"),
            Subscription.plan_type,
            Subscription.status,
            Subscription.current_period_end,
            Subscription.price,
            Subscription.currency,
            Subscription.suspended_at,
            Subscription.cancel_at_period_end,
            Subscription.payment_url,
            Subscription.created_at,
        )
        .join(Product, Product.id == Subscription.product_id)
        .where(Subscription.user_id == user_id)
        .order_by(Subscription.id.desc())
    )


async def list_of(
    connection: AsyncConnection, *, user_id: int, limit: int, before: int | None
) -> tuple[Sequence[Any], int | None]:
    """A user's subscriptions, over ones too, and the id after which the next page starts."""
    query = rows_of(user_id).limit(limit + 1)
    if before is not None:
        query = query.where(Subscription.id < before)
    rows, last = split_page((await connection.execute(query)).all(), limit)
    return rows, last.id if last else None


def running(*, grace: timedelta, now: datetime) -> Any:
    """The condition that a subscription gives access: active, not suspended, and its time not over."""
    end = Subscription.current_period_end
    return (
        (Subscription.status == "active")
        & Subscription.suspended_at.is_(None)
        & or_(end.is_(None), end > now - grace)
    )


def suspended() -> Any:
    """The condition that a subscription waits for a payment."""
    return (Subscription.status == "active") & Subscription.suspended_at.is_not(None)


async def is_subscribed(
    connection: AsyncConnection | AsyncSession, *, user_id: int, product_id: int, grace: timedelta
) -> bool:
    """Whether the user has a running subscription of the product."""
    found = select(func.count()).where(
        Subscription.user_id == user_id,
        Subscription.product_id == product_id,
        running(grace=grace, now=utcnow()),
    )
    return bool(await connection.scalar(found))


async def start(session: AsyncSession, subscription: Subscription, *, grace: timedelta) -> None:
    """Add a subscription, in the place of one without access, which ends at the provider too.

    Needs `lock_user`. Raises AlreadySubscribed.
    """
    without_access = select(Subscription).where(
        Subscription.user_id == subscription.user_id,
        Subscription.product_id == subscription.product_id,
        Subscription.status == "active",
        ~running(grace=grace, now=utcnow()),
    )
    for old in await session.scalars(without_access):
        await _end_everywhere(session, old, "expired" if old.suspended_at is None else "canceled")
    await session.flush()
    session.add(subscription)
    with translate({"uq_subscriptions_active": AlreadySubscribed}):
        await session.flush()
    await refresh(session, user_id=subscription.user_id, product_id=subscription.product_id, grace=grace)


async def cancel(session: AsyncSession, *, subscription_id: int, user_id: int, grace: timedelta) -> str:
    """End a subscription and the access it gives, at once; a job tells the provider. Returns what to tell the user.

    Raises UnknownSubscription, NotYourSubscription. Canceling twice is fine.
    """
    await lock_user(session, user_id)
    subscription = await session.get(Subscription, subscription_id)
    if subscription is None:
        raise UnknownSubscription
    if subscription.user_id != user_id:
        raise NotYourSubscription
    if subscription.status != "active":
        return f"The subscription was {subscription.status} already."
    await end_subscription(session, subscription, grace=grace)
    return "The subscription is canceled."


async def end_subscription(session: AsyncSession, subscription: Subscription, *, grace: timedelta) -> None:
    """End an active subscription and its access, here and at the provider. Needs `lock_user`."""
    await _end_everywhere(session, subscription, "canceled")
    await refresh(session, user_id=subscription.user_id, product_id=subscription.product_id, grace=grace)


async def end_all_subscriptions(session: AsyncSession, *, user_id: int, grace: timedelta) -> None:
    """Cancel whatever a user still has. Needs `lock_user`."""
    active = select(Subscription).where(Subscription.user_id == user_id, Subscription.status == "active")
    subscriptions: Sequence[Subscription] = (await session.scalars(active)).all()
    for subscription in subscriptions:
        await end_subscription(session, subscription, grace=grace)


def end(subscription: Subscription, status: str) -> None:
    """Mark a subscription as over."""
    subscription.status, subscription.ended_at = status, utcnow()


async def _end_everywhere(session: AsyncSession, subscription: Subscription, status: str) -> None:
    """Here, and by a job at the provider, which would go on charging."""
    end(subscription, status)
    if subscription.provider_subscription_id is not None:
        await enqueue(session, CANCEL_JOB, {"subscription": subscription.provider_subscription_id})
