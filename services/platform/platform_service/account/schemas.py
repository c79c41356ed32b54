"""Bodies of the endpoints of one's own account, and its first page."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from platform_service.auth.schemas import Password, RefreshToken, User
from platform_service.subscriptions.rules import Status
from platform_service.subscriptions.schemas import Product, Subscription
from shared.schemas.types import Request


class Logout(Request):
    """Which session ends; without a refresh token the one of the access token."""

    refresh_token: RefreshToken | None = None


class PasswordChange(Request):
    """The current and the new password."""

    current_password: Password
    new_password: Password


class AccountDeletion(Request):
    """The current password, so that a stolen device alone cannot delete an account."""

    password: Password


class SessionShape(BaseModel):
    """One of the user's open sessions."""

    id: str
    created_at: datetime
    last_used_at: datetime
    user_agent: str
    current: bool


class SessionList(BaseModel):
    """The user's open sessions, most recently used first."""

    sessions: list[SessionShape]


class DashboardProduct(Product):
    """A product, and the user's subscription to it; that field is left out where there is none.

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
