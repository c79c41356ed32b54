"""What anybody reads of scenarios."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from ai_service.seed import seed
from shared.runtime import Runtime

SCENARIOS = "/api/ai-automation/scenarios"


@pytest.fixture(autouse=True)
async def _seeded(runtime: Runtime) -> None:
    await seed(runtime)


async def test_a_scenario_reads_as_the_contract_says(client: httpx.AsyncClient) -> None:
    first = (await client.get(SCENARIOS)).json()[0]
    assert first.keys() >= {
        "id",
        "name",
        "category",
        "description",
        "estimated_savings",
        "complexity",
        "is_premium",
        "created_at",
    }
    assert (first["category"], first["complexity"], first["is_premium"]) == ("email", "easy", False)
    assert (first["estimated_savings"], first["savings_per_run"]) == (20, 1)  # a month's, and one run's
    one = (await client.get(f"{SCENARIOS}/{first['id']}")).json()
    assert one.items() >= first.items()
    assert one["input_schema"]["required"] == ["subject", "body"]
    assert one["output_schema"]["additionalProperties"] is False


async def test_the_category_filters_exactly(client: httpx.AsyncClient) -> None:
    found = (await client.get(SCENARIOS, params={"category": "social"})).json()
    assert [scenario["category"] for scenario in found] == ["social"]
    assert (await client.get(SCENARIOS, params={"category": "Social"})).json() == []
    assert len((await client.get(SCENARIOS, params={"category": ""})).json()) == 5


async def test_an_unknown_scenario_is_not_found(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"{SCENARIOS}/{2**62}")
    assert (answer.status_code, answer.json()["code"]) == (404, "scenario_not_found")
    assert (await client.get(f"{SCENARIOS}/0")).status_code == 422


async def test_warm_reads_come_from_memory_and_304_where_nothing_changed(
    client: httpx.AsyncClient, query_recorder: Callable[[], Any]
) -> None:
    first = await client.get(SCENARIOS)
    with query_recorder() as queries:
        assert (await client.get(SCENARIOS)).content == first.content
        again = await client.get(SCENARIOS, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content, queries) == (304, b"", [])


async def test_a_category_that_one_client_makes_up_leaves_nothing_in_redis(
    client: httpx.AsyncClient, redis_client: Redis
) -> None:
    await client.get(SCENARIOS, params={"category": "unheard of"})
    keys = await redis_client.dbsize()
    for number in range(30):
        assert (await client.get(SCENARIOS, params={"category": str(number)})).json() == []
    assert await redis_client.dbsize() == keys
