"""Every table of platform, for code that needs all of them: migrations and the check that they agree with
the models."""

from __future__ import annotations

from platform_service.auth.models import SessionRow
from platform_service.keys.models import SigningKey
from platform_service.payments.models import Checkout, Payment, UnhandledEvent, WebhookEvent
from platform_service.subscriptions.models import Product, Subscription
from platform_service.tables import Base
from platform_service.users.models import Customer, User

__all__ = [
    "Base",
    "Checkout",
    "Customer",
    "Payment",
    "Product",
    "SessionRow",
    "SigningKey",
    "Subscription",
    "UnhandledEvent",
    "User",
    "WebhookEvent",
]
