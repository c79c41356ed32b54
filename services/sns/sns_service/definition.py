"""How the sns service is put together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from shared.cli.maintenance import entitlements_command
from shared.service import ServiceDefinition
from sns_service.accounts.credential_commands import refusals_command, rotate_command
from sns_service.posts.commands import posts_command
from sns_service.publishing.commands import networks_command
from sns_service.resources import SERVICE, entitlements_of, lifespan
from sns_service.seed import seed
from sns_service.settings import SnsSettings

if TYPE_CHECKING:
    from fastapi import APIRouter

    from shared.runtime import Runtime
    from shared.service import WorkerParts


def routers(_: SnsSettings) -> Sequence[APIRouter]:
    """Every route of the service. A worker or a command does not pay, in time and memory, for what serves HTTP."""
    from shared.web.routes import alias_of
    from sns_service.accounts.router import router as accounts
    from sns_service.analytics.router import router as analytics
    from sns_service.deps import ALIAS, PREFIX
    from sns_service.linking.router import router as linking
    from sns_service.posts.router import router as posts
    from sns_service.posts.templates import router as templates

    parts = (accounts, linking, posts, templates, analytics)
    return [*parts, *(alias_of(part, prefix=PREFIX, alias=ALIAS) for part in parts)]


def worker_parts(runtime: Runtime) -> WorkerParts:
    """What the worker does; nothing else loads it."""
    from sns_service import worker

    return worker.worker_parts(runtime)


definition = ServiceDefinition(
    name=SERVICE,
    settings_type=SnsSettings,
    routers=routers,
    migrations=Path(__file__).parents[1] / "migrations",
    worker=worker_parts,
    lifespan=lifespan,
    seed=seed,
    commands=(
        entitlements_command(entitlements_of),
        posts_command,
        networks_command,
        rotate_command,
        refusals_command,
    ),
)
