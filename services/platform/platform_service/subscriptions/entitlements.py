"""The one place where a subscription becomes a right to use a product, and the others are told."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from platform_service.products.models import Product
from platform_service.subscriptions.events import EntitlementChanged
from platform_service.subscriptions.models import Subscription
from platform_service.subscriptions.rules import valid_until
from platform_service.tables import Entitlement, Outbox
from platform_service.users.models import Customer
from shared.events.outbox import publish


async def refresh(session: AsyncSession, *, user_id: int, product_id: int, grace: timedelta) -> None:
    """Write down what the user's subscription of a product entitles to now, and announce it. Needs `lock_user`."""
    await session.flush()
    slug = await session.scalar(select(Product.slug).where(Product.id == product_id))
    customer = await session.scalar(select(Customer.provider_id).where(Customer.user_id == user_id))
    running = select(Subscription).where(
        Subscription.user_id == user_id,
        Subscription.product_id == product_id,
        Subscription.status == "active",
    )
    subscription = (await session.scalars(running)).one_or_none()
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
