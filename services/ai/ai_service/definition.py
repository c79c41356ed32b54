"""How the ai service is put together."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from fastapi import APIRouter

from ai_service.bootcamp.router import router as bootcamp
from ai_service.consumers import consumer_of
from ai_service.employees.router import router as employees
from ai_service.jobs import jobs_with
from ai_service.plans.router import router as plans
from ai_service.resources import SERVICE, close_tools, entitlements_of, lifespan, open_tools
from ai_service.runs.router import router as runs
from ai_service.savings.router import router as savings
from ai_service.scenarios.router import router as scenarios
from ai_service.seed import seed
from ai_service.settings import AiSettings
from ai_service.tables import Outbox
from ai_service.webapps.router import router as webapps
from shared.auth.entitlement_feed import entitlements_command
from shared.runtime import Runtime
from shared.service import ServiceDefinition
from shared.worker import WorkerParts


def routers(_: AiSettings) -> Sequence[APIRouter]:
    """Every route of the service."""
    return (plans, scenarios, employees, runs, savings, bootcamp, webapps)


def worker_parts(runtime: Runtime) -> WorkerParts:
    """What the worker does: publish events, listen to platform's, train employees, do runs."""
    tools = open_tools(runtime)
    return WorkerParts(
        outbox=Outbox,
        consumers=(consumer_of(runtime),),
        jobs=jobs_with(tools, at_a_time=runtime.settings.runs_at_a_time),
        close=partial(close_tools, tools),
    )


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
