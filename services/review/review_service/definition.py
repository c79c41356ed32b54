"""How the review service is put together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from review_service.commands import CRAWLS, USERS
from review_service.resources import SERVICE, entitlements_of, lifespan
from review_service.seed import seed
from review_service.settings import ReviewSettings
from shared.cli.maintenance import entitlements_command
from shared.service import ServiceDefinition

if TYPE_CHECKING:
    from fastapi import APIRouter

    from shared.runtime import Runtime
    from shared.service import WorkerParts


def routers(_: ReviewSettings) -> Sequence[APIRouter]:
    """Every route of the service. A worker or a command does not pay, in time and memory, for what serves HTTP."""
    from review_service.applications.router import router as applications
    from review_service.campaigns.router import router as campaigns
    from review_service.crawls.router import router as crawls
    from review_service.listings.router import router as listings
    from review_service.search.router import router as search

    return (campaigns, applications, search, listings, crawls)


def worker_parts(runtime: Runtime) -> WorkerParts:
    """What the worker does; nothing else loads it."""
    from review_service import worker

    return worker.worker_parts(runtime)


definition = ServiceDefinition(
    name=SERVICE,
    settings_type=ReviewSettings,
    routers=routers,
    migrations=Path(__file__).parents[1] / "migrations",
    worker=worker_parts,
    lifespan=lifespan,
    seed=seed,
    commands=(entitlements_command(entitlements_of), USERS, CRAWLS),
)
