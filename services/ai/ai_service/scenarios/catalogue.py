"""What anybody reads of scenarios: rows to bytes, kept in the cache. Loads read the primary, as coocook's do."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from sqlalchemy import select

from ai_service.scenarios.errors import ScenarioNotFound
from ai_service.scenarios.kinds import KINDS
from ai_service.scenarios.models import Scenario
from ai_service.scenarios.schemas import ScenarioDetail
from shared.cache import Cache, Entry
from shared.db.database import Database
from shared.runtime import Runtime
from shared.schemas.json import dumps
from shared.schemas.keyset import MAX_ROWS

MEMORY_SECONDS: Final = 10.0
REDIS_SECONDS: Final = 300.0
ALL_SCENARIOS: Final = "scenarios"
"""The tag of every answer about them."""
FIELDS: Final = (
    Scenario.id,
    Scenario.name,
    Scenario.category,
    Scenario.description,
    Scenario.monthly_savings.label("estimated_savings"),
    Scenario.estimated_savings.label("savings_per_run"),
    Scenario.complexity,
    Scenario.is_premium,
    Scenario.scenario_type,
    Scenario.created_at,
)


def list_key(category: str | None) -> str:
    """Tells apart the lists."""
    return f"scenarios:{dumps(category).decode()}"


def scenario_key(scenario_id: int) -> str:
    """Tells apart the pages."""
    return f"scenario:{scenario_id}"


async def scenario_list(runtime: Runtime, *, category: str | None) -> Entry:
    """Every scenario, or those of a category, as JSON."""
    load = partial(_load_list, runtime.database, category)
    return await _cached(runtime.cache, list_key(category), load, at_first_sight=category is None)


async def one_scenario(runtime: Runtime, scenario_id: int) -> Entry:
    """A scenario with what a run of it is given and makes, as JSON. Raises ScenarioNotFound."""
    load = partial(_load_one, runtime.database, scenario_id)
    return await _cached(runtime.cache, scenario_key(scenario_id), load, at_first_sight=True)


async def _cached(cache: Cache, key: str, load: Any, *, at_first_sight: bool) -> Entry:
    return await cache.get_or_load_entry(
        key,
        load,
        memory_ttl=MEMORY_SECONDS,
        redis_ttl=REDIS_SECONDS,
        tags=(ALL_SCENARIOS,),
        at_first_sight=at_first_sight,
    )


async def _load_list(database: Database, category: str | None) -> bytes:
    query = select(*FIELDS).order_by(Scenario.id).limit(MAX_ROWS)
    if category is not None:
        query = query.where(Scenario.category == category)
    async with database.read(fresh=True) as connection:
        return dumps([dict(row) for row in (await connection.execute(query)).mappings()])


async def _load_one(database: Database, scenario_id: int) -> bytes:
    async with database.read(fresh=True) as connection:
        found = await connection.execute(select(*FIELDS).where(Scenario.id == scenario_id))
        row = found.mappings().one_or_none()
    if row is None:
        raise ScenarioNotFound
    kind = KINDS.get(row["scenario_type"])
    detail = ScenarioDetail(
        **row,
        input_schema=kind.input.model_json_schema() if kind else None,
        output_schema=kind.schema if kind else None,
    )
    return dumps(detail)
