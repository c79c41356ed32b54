"""How the coocook service is put together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fastapi import APIRouter

from coocook_service.bookings.router import router as bookings
from coocook_service.chefs.router import router as chefs
from coocook_service.consumers import consumer_of
from coocook_service.jobs import jobs_with
from coocook_service.payments.router import router as payments
from coocook_service.resources import SERVICE, entitlements_of, lifespan, open_provider
from coocook_service.reviews.router import router as reviews
from coocook_service.seed import seed
from coocook_service.settings import CoocookSettings
from coocook_service.tables import Outbox
from shared.auth.entitlement_feed import entitlements_command
from shared.runtime import Runtime
from shared.service import ServiceDefinition
from shared.worker import WorkerParts


def routers(_: CoocookSettings) -> Sequence[APIRouter]:
    """Every route of the service."""
    return (chefs, bookings, payments, reviews)


def worker_parts(runtime: Runtime) -> WorkerParts:
    """What the worker does: publish events, listen to platform's, settle and refund payments."""
    provider = open_provider(runtime.settings)
    return WorkerParts(
        outbox=Outbox,
        consumers=(consumer_of(runtime),),
        jobs=jobs_with(provider),
        close=provider.close,
    )


definition = ServiceDefinition(
    name=SERVICE,
    settings_type=CoocookSettings,
    routers=routers,
    migrations=Path(__file__).parents[1] / "migrations",
    worker=worker_parts,
    lifespan=lifespan,
    seed=seed,
    commands=(entitlements_command(entitlements_of),),
)
