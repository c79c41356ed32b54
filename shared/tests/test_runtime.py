from __future__ import annotations

from typing import Any, cast

import httpx
import pytest

from shared.auth.keys import StaticKeySource
from shared.db.database import Database
from shared.observability import context
from shared.runtime import connect_http, open_runtime
from shared.settings import ServiceSettings


@pytest.fixture
def settings(unused_tcp_port: int) -> ServiceSettings:
    return ServiceSettings(
        environment="test",
        database_url=f"postgresql://user:word@127.0.0.1:{unused_tcp_port}/sample",
        redis_url=f"redis://127.0.0.1:{unused_tcp_port}",
        port=1,
        worker_port=1,
        platform_url="http://platform.test",
        service_secret=cast("Any", "a-secret-of-at-least-32-characters"),
    )


async def test_a_runtime_opens_while_nothing_answers_yet(settings: ServiceSettings) -> None:
    async with open_runtime(settings, name="sample-api") as runtime:
        assert runtime.settings is settings
        assert not runtime.draining
        assert "no-such-session" not in runtime.revoked


async def test_a_service_may_bring_its_own_source_of_keys(settings: ServiceSettings) -> None:
    asked: list[tuple[object, type]] = []

    def keys(given: ServiceSettings, database: Database) -> StaticKeySource:
        asked.append((given, type(database)))
        return StaticKeySource({})

    async with open_runtime(settings, name="sample-api", keys=keys):
        assert asked == [(settings, Database)]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[httpx.Headers]:
    """The headers of what is sent, instead of sending it."""
    headers: list[httpx.Headers] = []

    async def handle(_self: object, request: httpx.Request) -> httpx.Response:
        headers.append(request.headers)
        return httpx.Response(200)

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", handle)
    return headers


async def test_a_call_to_another_service_carries_the_requests_ids(sent: list[httpx.Headers]) -> None:
    started = context.start(request_id="r1")
    token = context.current.set(started)
    async with connect_http("http://platform.test") as http:
        await http.get("http://platform.test/internal")
    context.current.reset(token)
    assert (sent[0]["x-request-id"], sent[0]["traceparent"]) == ("r1", started.traceparent)


async def test_a_call_outside_of_any_request_carries_none(sent: list[httpx.Headers]) -> None:
    async with connect_http("http://platform.test") as http:
        await http.get("http://platform.test/internal")
    assert "traceparent" not in sent[0]
