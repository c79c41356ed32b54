"""How the coocook service is put together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from coocook_service.chef_accounts import ACCOUNTS
from coocook_service.resources import SERVICE, entitlements_of, lifespan
from coocook_service.seed import seed
from coocook_service.settings import CoocookSettings
from shared.cli.maintenance import entitlements_command
from shared.service import ServiceDefinition

if TYPE_CHECKING:
    from fastapi import APIRouter

    from shared.runtime import Runtime
    from shared.service import WorkerParts


def routers(_: CoocookSettings) -> Sequence[APIRouter]:
    """Every route of the service. A worker or a command does not pay, in time and memory, for what serves HTTP."""
    from coocook_service.bookings.router import payments_router as payments
    from coocook_service.bookings.router import router as bookings
    from coocook_service.chefs.router import router as chefs
    from coocook_service.reviews.router import router as reviews

    return (chefs, bookings, payments, reviews)


def worker_parts(runtime: Runtime) -> WorkerParts:
    """What the worker does; nothing else loads it."""
    from coocook_service import worker

    return worker.worker_parts(runtime)


definition = ServiceDefinition(
    name=SERVICE,
    settings_type=CoocookSettings,
    routers=routers,
    migrations=Path(__file__).parents[1] / "migrations",
    worker=worker_parts,
    lifespan=lifespan,
    seed=seed,
    commands=(entitlements_command(entitlements_of), ACCOUNTS),
)
