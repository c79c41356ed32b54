"""Who asks for what nobody else asks for decides neither how much Redis holds nor what others find in the cache."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from time import monotonic
from typing import Any, Final

import httpx
import pytest
from redis.asyncio import Redis
from sqlalchemy import insert

from coocook_service.chefs.queries import MEMORY_SECONDS
from coocook_service.schema import Chef
from services.coocook.tests.factories import make_chef
from shared.runtime import Runtime
from shared.schemas.keyset import encode_cursor
from shared.service import ServiceDefinition
from testing.rollback import TestDatabase
from testing.service_fixtures import ClientFactory, RuntimeFactory

CHEFS: Final = "/api/coocook/chefs"
HOT: Final = f"{CHEFS}?cuisine=Korean"
SHARE: Final = 1_000_000
ROOM: Final = 2 * SHARE
"""Bytes that Redis may grow by: the cache's share, locks, and the server's own buffers."""


@pytest.fixture
def settings_overrides(settings_overrides: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**settings_overrides, "cache_redis_bytes": SHARE}


@pytest.fixture
async def chef_id(db: TestDatabase) -> int:
    """One of forty chefs, whose list is 20 KB."""
    fields = {"cuisine_type": "Korean", "location": "Seoul", "price_per_session": 120, "bio": "b" * 250}
    async with db.session() as session:
        await session.execute(insert(Chef), [{"user_id": n, "name": f"c{n}", **fields} for n in range(1, 40)])
    return await make_chef(db)


@pytest.fixture
async def other_client(
    client_for: ClientFactory, runtime_for: RuntimeFactory, definition: ServiceDefinition, db: TestDatabase
) -> AsyncIterator[httpx.AsyncClient]:
    """Another process of the service."""
    async with runtime_for(definition, db) as runtime, client_for(definition, runtime=runtime) as opened:
        yield opened


async def test_a_flood_of_made_up_pages_takes_no_more_than_the_caches_share(
    client: httpx.AsyncClient,
    other_client: httpx.AsyncClient,
    runtime: Runtime,
    redis_client: Redis,
    chef_id: int,
) -> None:
    """By somebody who knows that what two processes are asked for is kept: 9 MB of the whole list."""
    await use(client, other_client)
    before = (await redis_client.info("memory"))["used_memory"]
    missed, started = 0, monotonic()
    for number in range(300):
        for attacked in (client, other_client):
            page: dict[str, Any] = {"per_page": 100, "cursor": encode_cursor(1), "page": 10**6 + number}
            assert len((await attacked.get(CHEFS, params=page)).content) > 10_000
        if number % 10 == 0:
            loads = runtime.cache.stats()["load"]
            await client.get(HOT)
            missed += runtime.cache.stats()["load"] - loads
    await redis_client.config_set("maxmemory", before + ROOM)
    try:
        await redis_client.hset("auth:session:of-who-logs-in", mapping={"agent": "x" * 200})
    finally:
        await redis_client.config_set("maxmemory", 0)
    lifetimes = 1 + (monotonic() - started) / MEMORY_SECONDS
    assert missed <= 2 * lifetimes, "the hot list and its count, once each time that memory's copy is over"


async def use(*clients: httpx.AsyncClient) -> None:
    """As on any day: the hot list is in the cache, and the record of what was asked for has its size."""
    for number in range(30):
        for asked in clients:
            await asked.get(f"{CHEFS}?cuisine={number}")
            await asked.get(HOT)


@pytest.mark.parametrize(
    "path",
    [
        "?page={number}",
        "?cursor={cursor}",
        "?location={number}",
        "?cuisine={number}",
        "/{chef_id}/reviews?cursor={cursor}",
        "/{number}",
        "/{number}/reviews",
    ],
)
async def test_what_one_client_asks_for_once_leaves_nothing_in_redis(
    client: httpx.AsyncClient, redis_client: Redis, chef_id: int, path: str
) -> None:
    await client.get(CHEFS, params={"cuisine": "unheard of"})
    keys = await redis_client.dbsize()
    for number in range(10**6, 10**6 + 30):
        named = path.format(number=number, cursor=encode_cursor(number), chef_id=chef_id)
        assert (await client.get(CHEFS + named)).status_code in {200, 404}
    # A filter's count is asked for with each of its pages, and so it is stored from the second page on.
    assert await redis_client.dbsize() <= keys + 3


@pytest.mark.parametrize("path", [CHEFS, f"{CHEFS}/1/reviews"])
async def test_a_cursor_that_no_page_can_have_given_out_is_refused(
    client: httpx.AsyncClient, path: str
) -> None:
    answer = await client.get(path, params={"per_page": 100, "cursor": encode_cursor(-7)})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "cursor"
