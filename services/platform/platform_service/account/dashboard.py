"""What the first page after login shows."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import select

from platform_service.account.schemas import Dashboard, DashboardProduct
from platform_service.auth import schemas
from platform_service.subscriptions.queries import offered, running, subscriptions_of
from platform_service.subscriptions.schemas import Product, Subscription
from platform_service.users.models import User
from shared.auth.errors import InvalidToken
from shared.db.database import Database
from shared.schemas.dates import utcnow

_USER: Final = select(User.id, User.email, User.name, User.role, User.created_at)


async def read_dashboard(database: Database, *, user_id: int, grace: timedelta) -> Dashboard:
    """The user, every product and whether they subscribe to it. Raises InvalidToken for a user who is gone."""
    now = utcnow()
    who = _USER.where(User.id == user_id, User.deleted_at.is_(None))
    async with database.read(fresh=True) as connection:
        user = (await connection.execute(who)).one_or_none()
        products = await offered(connection)
        rows = await subscriptions_of(connection, user_id, running(grace=grace, now=now))
    if user is None:
        raise InvalidToken
    subscriptions = {row.product_id: row.as_of(now, grace=grace) for row in rows}
    return Dashboard(
        user=schemas.User.model_validate(user),
        products=[_with_subscription(product, subscriptions.get(product.id)) for product in products],
        subscription_count=len(subscriptions),
    )


def _with_subscription(product: Product, subscription: Subscription | None) -> DashboardProduct:
    if subscription is None:
        return DashboardProduct(**dict(product), subscribed=False, status=None, next_billing=None)
    return DashboardProduct(
        **dict(product),
        subscribed=True,
        status=subscription.status,
        next_billing=None if subscription.cancel_at_period_end else subscription.current_period_end,
        subscription=subscription,
    )
