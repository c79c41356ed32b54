"""How the sns service is put together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fastapi import APIRouter

from shared.auth.entitlement_feed import entitlements_command
from shared.runtime import Runtime
from shared.service import ServiceDefinition
from shared.worker import WorkerParts
from sns_service.accounts.credentials import rotate_command
from sns_service.accounts.router import router as accounts
from sns_service.analytics.router import router as analytics
from sns_service.consumers import consumer_of
from sns_service.deps import PREFIXES
from sns_service.jobs import jobs_with
from sns_service.networks.http import connect
from sns_service.networks.oauth import exchanges_with
from sns_service.networks.registry import networks_with
from sns_service.posts.commands import posts_command
from sns_service.posts.router import router as posts
from sns_service.posts.templates_router import router as templates
from sns_service.resources import SERVICE, entitlements_of, lifespan
from sns_service.seed import seed
from sns_service.settings import SnsSettings
from sns_service.tables import Outbox


def routers(_: SnsSettings) -> Sequence[APIRouter]:
    """Every route of the service, below either of its names."""
    return [_below(prefix, documented=prefix == PREFIXES[0]) for prefix in PREFIXES]


def _below(prefix: str, *, documented: bool) -> APIRouter:
    router = APIRouter(prefix=prefix, include_in_schema=documented)
    for part in (accounts, posts, templates, analytics):
        router.include_router(part)
    return router


def worker_parts(runtime: Runtime) -> WorkerParts:
    """What the worker does: publish posts and events, listen to platform's, count what became of posts."""
    settings: SnsSettings = runtime.settings
    http = connect(
        timeout=settings.network_timeout_seconds,
        at_a_time=settings.publish_at_a_time,
        guarded=settings.is_production,
    )
    return WorkerParts(
        outbox=Outbox,
        consumers=(consumer_of(runtime),),
        jobs=jobs_with(runtime, networks_with(http, settings), exchanges_with(http, settings)),
        niceness=10,  # ten thousand posts that are due may not slow down who looks at theirs
        close=http.aclose,
    )


definition = ServiceDefinition(
    name=SERVICE,
    settings_type=SnsSettings,
    routers=routers,
    migrations=Path(__file__).parents[1] / "migrations",
    worker=worker_parts,
    lifespan=lifespan,
    seed=seed,
    commands=(entitlements_command(entitlements_of), posts_command, rotate_command),
)
