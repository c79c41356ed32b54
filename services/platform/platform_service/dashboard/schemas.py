"""The first page after login."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from platform_service.products.schemas import Product
from platform_service.subscriptions.rules import Status
from platform_service.subscriptions.schemas import Subscription
from platform_service.users.schemas import User


class DashboardProduct(Product):
    """A product, and the user's subscription of it; that field is left out where there is none.

    `status` is the subscription's, null without one. `next_billing`: when it will be charged, null if it will not be.
    """

    subscribed: bool
    status: Status | None
    next_billing: datetime | None
    subscription: Subscription | None = Field(default=None, exclude_if=lambda value: value is None)


class Dashboard(BaseModel):
    """The user and all products."""

    user: User
    products: list[DashboardProduct]
    subscription_count: int
