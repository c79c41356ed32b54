"""Public reads answered from memory, and by their ETag: the same answers, without doing the work."""

from __future__ import annotations

import tracemalloc
from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response
from prometheus_client import REGISTRY

from shared.cache import Entry
from shared.settings import ServiceSettings
from shared.web.middleware import RequestMiddleware
from shared.web.response_cache import KNOWN, CachedJSON, ResponseCache, cached_response
from shared.web.routes import public


@dataclass
class Limits:
    """As much of the settings as the middleware needs."""

    request_timeout_seconds: float = 10
    max_body_bytes: int = 1000
    trusted_hops: int = 0
    concurrency_limit: int = 4


class Memory:
    """As much of a cache as the route needs."""

    def __init__(self) -> None:
        self.kept: dict[str, Entry] = {}

    def peek(self, key: str) -> Entry | None:
        return self.kept.get(key)


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def known() -> ResponseCache:
    return ResponseCache()


@pytest.fixture
def calls() -> list[str]:
    return []


@pytest.fixture
async def client(memory: Memory, calls: list[str], known: ResponseCache) -> AsyncIterator[httpx.AsyncClient]:
    router = APIRouter(prefix="/dishes")

    @router.get("/{dish}")
    async def dish(request: Request, dish: str, size: int = 1) -> Response:
        calls.append(dish)
        key = f"{dish}:{size}"
        entry = memory.kept.setdefault(key, Entry.of(f'"{key}"'.encode()))
        return cached_response(request, entry, key=key, max_age=5)

    @router.post("/{dish}")
    async def eat(dish: str) -> str:
        return f"no more {dish}"

    app = FastAPI()
    app.include_router(router)
    app.state.response_cache = known
    app.add_middleware(
        RequestMiddleware,
        settings=cast("ServiceSettings", Limits()),
        service="kitchen",
        response_cache=app.state.response_cache,
    )
    app.state.runtime = SimpleNamespace(cache=memory, draining=False)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as opened:
        yield opened


async def test_what_comes_again_is_answered_without_its_endpoint(
    client: httpx.AsyncClient, calls: list[str]
) -> None:
    answers = [await client.get("/dishes/soup") for _ in range(4)]
    for answer in answers:
        del answer.headers["x-request-id"]
        assert (answer.content, answer.headers) == (answers[0].content, answers[0].headers)
    assert calls == ["soup"] * 2


async def test_made_up_requests_take_nobodys_place_and_no_memory(
    client: httpx.AsyncClient, calls: list[str], known: ResponseCache
) -> None:
    for _ in range(2):
        await client.get("/dishes/soup")
    tracemalloc.start()
    try:
        for number in range(600):
            for _ in range(number % 2 + 1):  # some of them twice, with what may be 8 KB of a query
                scope = {"type": "http", "path": f"/dishes/{number}", "query_string": b"q" * 8000}
                known.learn(scope, key="k", max_age=5)
        assert tracemalloc.get_traced_memory()[0] < 1_000_000
    finally:
        tracemalloc.stop()
    for number in range(3 * KNOWN):
        known.learn({"type": "http", "path": f"/dishes/{number}", "query_string": b""}, key="k", max_age=5)
    calls.clear()
    await client.get("/dishes/soup")
    assert calls == []


async def test_another_path_or_query_is_another_answer(client: httpx.AsyncClient) -> None:
    for _ in range(3):
        assert (await client.get("/dishes/soup")).json() == "soup:1"
        assert (await client.get("/dishes/soup?size=2")).json() == "soup:2"
        assert (await client.get("/dishes/rice")).json() == "rice:1"


async def test_what_memory_has_dropped_is_made_again(
    client: httpx.AsyncClient, memory: Memory, calls: list[str]
) -> None:
    for _ in range(2):
        await client.get("/dishes/soup")
    memory.kept.clear()
    await client.get("/dishes/soup")
    assert calls == ["soup"] * 3


async def test_who_holds_the_bytes_gets_304_also_the_short_way(client: httpx.AsyncClient) -> None:
    for _ in range(2):
        etag = (await client.get("/dishes/soup")).headers["etag"]
    assert (await client.get("/dishes/soup", headers={"If-None-Match": etag})).status_code == 304


async def test_a_wrong_query_is_refused_every_time(client: httpx.AsyncClient) -> None:
    for _ in range(2):
        assert (await client.get("/dishes/soup?size=big")).status_code == 422


async def test_another_method_is_not_answered_from_memory(client: httpx.AsyncClient) -> None:
    for _ in range(2):
        await client.get("/dishes/soup")
    assert (await client.post("/dishes/soup")).json() == "no more soup"


async def test_the_short_way_is_counted_under_the_routes_template(client: httpx.AsyncClient) -> None:
    def count() -> float:
        labels = {"method": "GET", "route": "/dishes/{dish}", "status": "200"}
        return REGISTRY.get_sample_value("http_requests_total", labels) or 0

    before = count()
    for _ in range(3):
        await client.get("/dishes/rice")
    assert count() - before == 3


BODY, ETAG = b'{"chefs":[]}', '"abc123"'


@pytest.fixture
def router(router: APIRouter) -> APIRouter:
    @router.get("/hot", dependencies=[public])
    async def hot(request: Request, private: bool = False) -> Any:
        return CachedJSON(request, BODY, etag=ETAG, max_age=30, private=private)

    return router


async def test_the_bytes_come_with_their_etag_and_how_long_they_hold(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/hot")
    assert (answer.status_code, answer.content) == (200, BODY)
    assert answer.headers["etag"] == ETAG
    assert answer.headers["cache-control"] == "public, max-age=30"
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-length"] == str(len(BODY))
    assert "vary" not in answer.headers, "the gateway adds Origin to every answer"


@pytest.mark.parametrize("held", ['"abc123"', 'W/"abc123"', '"old", "abc123"', "*"])
async def test_who_holds_the_same_gets_304_without_a_body(http: httpx.AsyncClient, held: str) -> None:
    answer = await http.get("/api/hot", headers={"If-None-Match": held})
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == ETAG
    assert "content-length" not in answer.headers


@pytest.mark.parametrize("held", ['"old"', "abc123", "", '"abc'])
async def test_who_holds_something_else_gets_the_bytes(http: httpx.AsyncClient, held: str) -> None:
    assert (await http.get("/api/hot", headers={"If-None-Match": held})).content == BODY


async def test_a_users_own_data_stays_out_of_shared_caches(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/hot?private=true")
    assert answer.headers["cache-control"] == "private, max-age=30"
