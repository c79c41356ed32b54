"""A subscription, as clients know one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel

from platform_service.payments.rules import PlanType
from platform_service.subscriptions.rules import Status, status_at


class Subscription(BaseModel):
    """A user's subscription; `price` is what the next period costs this subscriber, in `currency`.

    While `suspended`, `status` is `expired`: a payment is missing, and paying at `payment_url` restores the
    subscription. `current_period_end` is the end of the paid period.
    """

    id: int
    product_id: int
    product_name: str
    plan_type: PlanType
    status: Status
    current_period_end: datetime | None
    price: float
    currency: str
    suspended: bool
    cancel_at_period_end: bool
    payment_url: str | None
    created_at: datetime


def subscription_shape(row: Any, *, grace: timedelta, now: datetime) -> dict[str, Any]:
    """The fields of `Subscription`, of a row that has them."""
    return {
        "id": row.id,
        "product_id": row.product_id,
        "product_name": row.product_name,
        "plan_type": row.plan_type,
        "status": status_at(
            row.status, row.current_period_end, suspended=row.suspended_at is not None, grace=grace, now=now
        ),
        "current_period_end": row.current_period_end,
        "price": row.price,
        "currency": row.currency,
        "suspended": row.status == "active" and row.suspended_at is not None,
        "cancel_at_period_end": row.cancel_at_period_end,
        "payment_url": row.payment_url if row.status == "active" else None,
        "created_at": row.created_at,
    }
