"""What the first page after login shows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from platform_service.products.schemas import product_shape
from platform_service.products.service import offered
from platform_service.subscriptions.schemas import subscription_shape
from platform_service.subscriptions.service import rows_of, running
from platform_service.users.models import User
from platform_service.users.schemas import user_shape
from shared.auth.errors import InvalidToken
from shared.db.database import Database
from shared.schemas.dates import utcnow


async def dashboard(database: Database, *, user_id: int, grace: timedelta) -> dict[str, Any]:
    """The user, every product and whether they subscribe to it. Raises InvalidToken for a user who is gone."""
    now = utcnow()
    mine = rows_of(user_id).where(running(grace=grace, now=now))
    who = select(User.id, User.email, User.name, User.role, User.created_at).where(
        User.id == user_id, User.deleted_at.is_(None)
    )
    async with database.read(fresh=True) as connection:
        user = (await connection.execute(who)).one_or_none()
        products = (await connection.execute(offered())).all()
        subscriptions = {
            row.product_id: subscription_shape(row, grace=grace, now=now)
            for row in await connection.execute(mine)
        }
    if user is None:
        raise InvalidToken
    return {
        "user": user_shape(user),
        "products": [_with_subscription(product_shape(row), subscriptions.get(row.id)) for row in products],
        "subscription_count": len(subscriptions),
    }


def _with_subscription(product: dict[str, Any], subscription: dict[str, Any] | None) -> dict[str, Any]:
    if subscription is None:
        return {**product, "subscribed": False, "status": None, "next_billing": None}
    return {
        **product,
        "subscribed": True,
        "status": subscription["status"],
        "next_billing": None if subscription["cancel_at_period_end"] else subscription["current_period_end"],
        "subscription": subscription,
    }
