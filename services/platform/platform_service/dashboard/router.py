"""/api/platform/dashboard: the first page after login."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel

from platform_service.dashboard import service
from platform_service.deps import ResourcesDep
from platform_service.products.schemas import Product
from platform_service.subscriptions.rules import Status
from platform_service.subscriptions.schemas import Subscription
from platform_service.users.schemas import User
from shared.auth.dependencies import CurrentUser
from shared.schemas.json import JSONBytes

router = APIRouter(prefix="/api/platform", tags=["dashboard"])


class DashboardProduct(Product):
    """A product, and the user's subscription of it; that field is left out where there is none.

    `status` is the subscription's, null without one. `next_billing`: when it will be charged, null if it will not be.
    """

    subscribed: bool
    status: Status | None
    next_billing: datetime | None
    subscription: Subscription | None = None


class Dashboard(BaseModel):
    """The user and all products."""

    user: User
    products: list[DashboardProduct]
    subscription_count: int


@router.get("/dashboard", response_model=Dashboard)
async def dashboard(user: CurrentUser, resources: ResourcesDep) -> JSONBytes:
    """The user and all products, with the user's subscriptions."""
    answer = await service.dashboard(
        resources.runtime.database, user_id=user.user_id, grace=resources.settings.subscription_grace
    )
    return JSONBytes(answer)
