"""Bodies of the administrators' endpoints."""

from __future__ import annotations

from pydantic import BaseModel, Field, model_validator

from platform_service.auth.schemas import User
from platform_service.users.models import Role
from shared.schemas.money import DecimalNumber
from shared.schemas.types import Request


class ListedUser(User):
    """A user in an administrator's list."""

    is_active: bool
    active_subscriptions: int


class UserPage(BaseModel):
    """A page of users."""

    users: list[ListedUser]
    total: int
    pages: int
    current_page: int


class UserChange(Request):
    """What an administrator changes; at least one of the fields."""

    role: Role | None = Field(default=None, description="A user who loses the admin role is logged out.")
    is_active: bool | None = Field(default=None, strict=True, description="A deactivated user is logged out.")

    @model_validator(mode="after")
    def _changes_something(self) -> UserChange:
        if self.role is None and self.is_active is None:
            raise ValueError("send role or is_active")
        return self


class ProductRevenue(BaseModel):
    """A product's active subscriptions; `monthly_revenue` is in the reporting currency."""

    product_name: str
    subscriptions: int
    monthly_revenue: DecimalNumber


class CurrencyRevenue(BaseModel):
    """The same numbers in one currency, unconverted; `rate` is its rate to the reporting currency, if configured."""

    currency: str
    rate: DecimalNumber | None
    mrr: DecimalNumber
    arr: DecimalNumber
    total_revenue: DecimalNumber


class Revenue(BaseModel):
    """Totals are in `currency`, converted by the configured rates. A currency without a rate is not included."""

    currency: str
    mrr: DecimalNumber
    arr: DecimalNumber
    total_revenue: DecimalNumber
    total_users: int
    active_subscriptions: int
    revenue_by_product: list[ProductRevenue]
    by_currency: list[CurrencyRevenue]
