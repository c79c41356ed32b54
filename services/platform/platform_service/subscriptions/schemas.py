"""A subscription, as clients know one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel

from platform_service.payments.rules import PlanType
from platform_service.subscriptions.rules import Status, status_at


class Subscription(BaseModel):
    """A user's subscription; `price` is what a period costs this subscriber, in `currency`."""

    id: int
    product_id: int
    product_name: str
    plan_type: PlanType
    status: Status
    current_period_end: datetime | None
    price: float
    currency: str
    created_at: datetime


def subscription_shape(row: Any, *, grace: timedelta, now: datetime) -> dict[str, Any]:
    """The fields of `Subscription`, of a row that has them."""
    return {
        "id": row.id,
        "product_id": row.product_id,
        "product_name": row.product_name,
        "plan_type": row.plan_type,
        "status": status_at(row.status, row.current_period_end, grace=grace, now=now),
        "current_period_end": row.current_period_end,
        "price": row.price,
        "currency": row.currency,
        "created_at": row.created_at,
    }
