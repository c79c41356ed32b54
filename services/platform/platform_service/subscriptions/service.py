"""Subscriptions: starting and ending them, and the right to use a product that follows.

Whatever changes a subscription calls `refresh_entitlement`, the one place where the right is written down and told.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from platform_service.subscriptions.errors import AlreadySubscribed, NotYourSubscription, UnknownSubscription
from platform_service.subscriptions.events import EntitlementChanged
from platform_service.subscriptions.models import Product, Subscription
from platform_service.subscriptions.queries import running
from platform_service.subscriptions.rules import valid_until
from platform_service.tables import Entitlement, Outbox
from platform_service.users.models import Customer
from platform_service.users.service import lock_user
from shared.db.constraints import translate
from shared.events.outbox import publish
from shared.jobs import enqueue
from shared.schemas.dates import utcnow

CANCEL_JOB = "subscriptions.cancel_at_provider"
"""Cancels at the provider, and voids what is still open there."""
UNDO_JOB = "payments.undo_checkout"
"""The same, and pays one payment back."""


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
    await refresh_entitlement(
        session, user_id=subscription.user_id, product_id=subscription.product_id, grace=grace
    )


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
    await refresh_entitlement(
        session, user_id=subscription.user_id, product_id=subscription.product_id, grace=grace
    )


async def end_all_subscriptions(session: AsyncSession, *, user_id: int, grace: timedelta) -> None:
    """Cancel whatever a user still has. Needs `lock_user`."""
    active = select(Subscription).where(Subscription.user_id == user_id, Subscription.status == "active")
    subscriptions: Sequence[Subscription] = (await session.scalars(active)).all()
    for subscription in subscriptions:
        await end_subscription(session, subscription, grace=grace)


def end(subscription: Subscription, status: str) -> None:
    """Mark a subscription as over."""
    subscription.status, subscription.ended_at = status, utcnow()


async def refresh_entitlement(
    session: AsyncSession, *, user_id: int, product_id: int, grace: timedelta
) -> None:
    """Write down what the user's subscription to a product entitles to now, and announce it. Needs `lock_user`."""
    await session.flush()
    slug = await session.scalar(select(Product.slug).where(Product.id == product_id))
    customer = await session.scalar(select(Customer.provider_id).where(Customer.user_id == user_id))
    active = select(Subscription).where(
        Subscription.user_id == user_id,
        Subscription.product_id == product_id,
        Subscription.status == "active",
    )
    subscription = (await session.scalars(active)).one_or_none()
    until = None if subscription is None else valid_until(subscription.current_period_end, grace)
    has_access = subscription is not None and subscription.suspended_at is None
    values = {"active": has_access, "valid_until": until, "customer": customer}
    statement = (
        insert(Entitlement)
        .values(user_id=user_id, product=slug, version=1, **values)
        .on_conflict_do_update(
            index_elements=[Entitlement.user_id, Entitlement.product],
            set_={**values, "version": Entitlement.version + 1},
        )
        .returning(Entitlement.version)
    )
    version = await session.scalar(statement)
    event = EntitlementChanged.model_validate(
        {"user_id": user_id, "product": slug, "version": version, **values}
    )
    await publish(session, Outbox, event, key=str(user_id))


async def _end_everywhere(session: AsyncSession, subscription: Subscription, status: str) -> None:
    """Here, and by a job at the provider, which would go on charging."""
    end(subscription, status)
    if subscription.provider_subscription_id is not None:
        await enqueue(session, CANCEL_JOB, {"subscription": subscription.provider_subscription_id})
