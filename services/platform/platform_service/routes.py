"""Every route of the platform service."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter

from platform_service.account.router import router as account
from platform_service.admin.router import router as admin
from platform_service.auth.router import router as auth
from platform_service.dashboard.router import router as dashboard
from platform_service.internal.router import router as internal
from platform_service.keys.router import router as keys
from platform_service.payments.router import router as payments
from platform_service.products.router import router as products
from platform_service.settings import PlatformSettings
from platform_service.subscriptions.router import router as subscriptions


def routers(_: PlatformSettings) -> Sequence[APIRouter]:
    """Every route of the service."""
    return (keys, auth, account, products, dashboard, admin, subscriptions, payments, internal)
