"""How the platform service is put together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fastapi import APIRouter

from platform_service.auth.account_router import router as account
from platform_service.auth.router import router as auth
from platform_service.dashboard.router import router as dashboard
from platform_service.internal.router import router as internal
from platform_service.jobs import worker_parts
from platform_service.keys.commands import command as keys_command
from platform_service.keys.ring import DatabaseKeySource
from platform_service.keys.router import router as keys
from platform_service.payments.admin_router import router as revenue
from platform_service.payments.router import router as payments
from platform_service.products.router import router as products
from platform_service.resources import lifespan
from platform_service.seed import seed
from platform_service.settings import PlatformSettings
from platform_service.subscriptions.router import router as subscriptions
from platform_service.users.router import router as users
from shared.db.database import Database
from shared.service import ServiceDefinition


def routers(_: PlatformSettings) -> Sequence[APIRouter]:
    """Every route of the service."""
    return (keys, auth, account, products, dashboard, users, revenue, subscriptions, payments, internal)


def key_source(_: PlatformSettings, database: Database) -> DatabaseKeySource:
    """Platform reads its keys from its own database, not from itself."""
    return DatabaseKeySource(database)


definition = ServiceDefinition(
    name="platform",
    settings_type=PlatformSettings,
    routers=routers,
    migrations=Path(__file__).parents[1] / "migrations",
    worker=worker_parts,
    lifespan=lifespan,
    seed=seed,
    commands=(keys_command,),
    key_source=key_source,
)
