"""A product and a subscription, as clients know them."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from platform_service.subscriptions.rules import PlanType, Status
from shared.schemas.money import DecimalNumber


class Product(BaseModel):
    """A product; prices are in `currency`. Without an annual price it is only offered monthly."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    slug: str
    name: str
    description: str | None
    icon: str | None
    monthly_price: DecimalNumber
    annual_price: DecimalNumber | None
    currency: str


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
    price: DecimalNumber
    currency: str
    suspended: bool
    cancel_at_period_end: bool
    payment_url: str | None
    created_at: datetime
