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


def routers(settings: SnsSettings) -> Sequence[APIRouter]:
    """Every route of the service. A worker or a command does not pay, in time and memory, for what serves HTTP."""
    from sns_service import routes

    return routes.routers(settings)


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
