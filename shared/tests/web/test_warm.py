"""The short way of public reads: the same answers, without doing the work."""

from collections.abc import AsyncIterator
from types import SimpleNamespace

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response

from shared.cache import Entry
from shared.web.warm import WarmRoute, warm


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
def calls() -> list[str]:
    return []


@pytest.fixture
async def client(memory: Memory, calls: list[str]) -> AsyncIterator[httpx.AsyncClient]:
    router = APIRouter(route_class=WarmRoute, prefix="/dishes")

    @router.get("/{dish}")
    async def dish(request: Request, dish: str, size: int = 1) -> Response:
        calls.append(dish)
        key = f"{dish}:{size}"
        entry = memory.kept.setdefault(key, Entry.of(f'"{key}"'.encode()))
        return warm(request, entry, key=key, max_age=5)

    app = FastAPI()
    app.include_router(router)
    app.state.runtime = SimpleNamespace(cache=memory)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as opened:
        yield opened


async def test_the_second_time_the_endpoint_is_not_asked(client: httpx.AsyncClient, calls: list[str]) -> None:
    first, second = await client.get("/dishes/soup"), await client.get("/dishes/soup")
    assert (first.content, first.headers) == (second.content, second.headers)
    assert calls == ["soup"]


async def test_another_path_or_query_is_another_answer(client: httpx.AsyncClient) -> None:
    for _ in range(2):
        assert (await client.get("/dishes/soup")).json() == "soup:1"
        assert (await client.get("/dishes/soup?size=2")).json() == "soup:2"
        assert (await client.get("/dishes/rice")).json() == "rice:1"


async def test_what_memory_has_dropped_is_made_again(
    client: httpx.AsyncClient, memory: Memory, calls: list[str]
) -> None:
    await client.get("/dishes/soup")
    memory.kept.clear()
    await client.get("/dishes/soup")
    assert calls == ["soup", "soup"]


async def test_who_holds_the_bytes_gets_304_also_the_short_way(client: httpx.AsyncClient) -> None:
    etag = (await client.get("/dishes/soup")).headers["etag"]
    assert (await client.get("/dishes/soup", headers={"If-None-Match": etag})).status_code == 304


async def test_a_wrong_query_is_refused_every_time(client: httpx.AsyncClient) -> None:
    for _ in range(2):
        assert (await client.get("/dishes/soup?size=big")).status_code == 422
