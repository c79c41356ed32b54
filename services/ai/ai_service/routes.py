"""Every route of the ai service."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter

from ai_service.bootcamp.router import router as bootcamp
from ai_service.dismissal import router as dismissal
from ai_service.employees.router import plans_router as plans
from ai_service.employees.router import router as employees
from ai_service.employees.router import savings_router as savings
from ai_service.runs.router import router as runs
from ai_service.scenarios.router import router as scenarios
from ai_service.settings import AiSettings
from ai_service.webapps.router import router as webapps


def routers(_: AiSettings) -> Sequence[APIRouter]:
    """Every route of the service."""
    return (plans, scenarios, employees, dismissal, runs, savings, bootcamp, webapps)
