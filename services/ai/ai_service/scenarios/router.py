"""Scenarios over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from ai_service.deps import AUTOMATION, PUBLIC_SECONDS
from ai_service.scenarios import catalogue
from ai_service.scenarios.errors import ScenarioNotFound
from ai_service.scenarios.schemas import ScenarioDetail, ScenarioShown
from shared.schemas.text import Text
from shared.schemas.types import Id
from shared.web.deps import RuntimeDep
from shared.web.problems import responses
from shared.web.response_cache import cached_response
from shared.web.routes import public

router = APIRouter(prefix=AUTOMATION, tags=["scenarios"])


@router.get("/scenarios", response_model=list[ScenarioShown], dependencies=[public])
async def list_scenarios(
    request: Request,
    runtime: RuntimeDep,
    category: Annotated[str | None, Text(0, 50), Query(description="exactly")] = None,
) -> Response:
    """The scenarios, which are what employees can do."""
    category = category or None
    entry = await catalogue.scenario_list(runtime, category=category)
    return cached_response(request, entry, key=catalogue.list_key(category), max_age=PUBLIC_SECONDS)


@router.get(
    "/scenarios/{scenario_id}",
    response_model=ScenarioDetail,
    dependencies=[public],
    responses=responses(ScenarioNotFound),
)
async def get_scenario(request: Request, runtime: RuntimeDep, scenario_id: Id) -> Response:
    """One scenario, with the schemas of its runs."""
    entry = await catalogue.one_scenario(runtime, scenario_id)
    return cached_response(request, entry, key=catalogue.scenario_key(scenario_id), max_age=PUBLIC_SECONDS)
