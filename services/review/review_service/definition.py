"""How the review service is put together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fastapi import APIRouter

from review_service.applications.router import router as applications
from review_service.campaigns.router import router as campaigns
from review_service.commands import USERS
from review_service.consumers import consumer_of
from review_service.crawls.router import router as crawls
from review_service.jobs import jobs
from review_service.listings.router import router as listings
from review_service.resources import SERVICE, entitlements_of, lifespan
from review_service.search.router import router as search
from review_service.seed import seed
from review_service.settings import ReviewSettings
from review_service.tables import Outbox
from shared.auth.entitlement_feed import entitlements_command
from shared.runtime import Runtime
from shared.service import ServiceDefinition
from shared.worker import WorkerParts


def routers(_: ReviewSettings) -> Sequence[APIRouter]:
    """Every route of the service."""
    return (campaigns, applications, search, listings, crawls)


def worker_parts(runtime: Runtime) -> WorkerParts:
    """What the worker does: publish events, listen to platform's, close campaigns, crawl partner sites."""
    return WorkerParts(outbox=Outbox, consumers=(consumer_of(runtime),), jobs=jobs())


definition = ServiceDefinition(
    name=SERVICE,
    settings_type=ReviewSettings,
    routers=routers,
    migrations=Path(__file__).parents[1] / "migrations",
    worker=worker_parts,
    lifespan=lifespan,
    seed=seed,
    commands=(entitlements_command(entitlements_of), USERS),
)
