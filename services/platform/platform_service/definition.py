"""How the platform service is put together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from platform_service.keys.commands import command as keys_command
from platform_service.keys.ring import DatabaseKeySource
from platform_service.payments.commands import payments_command
from platform_service.resources import lifespan, open_provider
from platform_service.seed import seed
from platform_service.settings import PlatformSettings
from shared.db.database import Database
from shared.service import ServiceDefinition

if TYPE_CHECKING:
    from fastapi import APIRouter

    from shared.runtime import Runtime
    from shared.service import WorkerParts


def routers(_: PlatformSettings) -> Sequence[APIRouter]:
    """Every route of the service. A worker or a command does not pay, in time and memory, for what serves HTTP."""
    from platform_service.account.router import first_page
    from platform_service.account.router import router as account
    from platform_service.admin.router import router as admin
    from platform_service.auth.router import router as auth
    from platform_service.internal.router import router as internal
    from platform_service.keys.router import router as keys
    from platform_service.payments.router import router as payments
    from platform_service.subscriptions.router import products
    from platform_service.subscriptions.router import router as subscriptions

    return (keys, auth, account, products, first_page, admin, subscriptions, payments, internal)


def worker_parts(runtime: Runtime) -> WorkerParts:
    """What the worker does; nothing else loads it."""
    from platform_service import worker

    return worker.worker_parts(runtime)


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
    commands=(keys_command, payments_command(open_provider)),
    key_source=key_source,
)
