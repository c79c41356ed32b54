"""How the ai service is put together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ai_service.resources import SERVICE, entitlements_of, lifespan
from ai_service.seed import seed
from ai_service.settings import AiSettings
from shared.cli.maintenance import entitlements_command
from shared.service import ServiceDefinition

if TYPE_CHECKING:
    from fastapi import APIRouter

    from shared.runtime import Runtime
    from shared.service import WorkerParts


def routers(_: AiSettings) -> Sequence[APIRouter]:
    """Every route of the service. A worker or a command does not pay, in time and memory, for what serves HTTP."""
    from ai_service.bootcamp.router import router as bootcamp
    from ai_service.dismissal import router as dismissal
    from ai_service.employees.router import plans_router as plans
    from ai_service.employees.router import router as employees
    from ai_service.employees.router import savings_router as savings
    from ai_service.runs.router import router as runs
    from ai_service.scenarios.router import router as scenarios
    from ai_service.webapps.router import router as webapps

    return (plans, scenarios, employees, dismissal, runs, savings, bootcamp, webapps)


def worker_parts(runtime: Runtime) -> WorkerParts:
    """What the worker does; nothing else loads it."""
    from ai_service import worker

    return worker.worker_parts(runtime)


definition = ServiceDefinition(
    name=SERVICE,
    settings_type=AiSettings,
    routers=routers,
    migrations=Path(__file__).parents[1] / "migrations",
    worker=worker_parts,
    lifespan=lifespan,
    seed=seed,
    commands=(entitlements_command(entitlements_of),),
)
