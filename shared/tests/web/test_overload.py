"""More requests than the process can serve."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from statistics import median
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import REGISTRY
from starlette.responses import StreamingResponse
from starlette.types import Message

from shared import admission
from shared.settings import ServiceSettings
from testing.polling import eventually

LIMIT = 2


@pytest.fixture
def settings(settings: ServiceSettings) -> ServiceSettings:
    return settings.model_copy(update={"concurrency_limit": LIMIT})


class Gate:
    """An endpoint that waits; says how many are in it."""

    def __init__(self) -> None:
        self.inside = 0
        self.open = asyncio.Event()

    async def wait(self) -> dict[str, Any]:
        self.inside += 1
        await self.open.wait()
        return {}

    async def filled(self) -> bool:
        return self.inside == LIMIT


@pytest.fixture
async def full(http: httpx.AsyncClient, behaviour: Any) -> AsyncIterator[Gate]:
    """The service at work on as many requests as it may."""
    gate = Gate()
    behaviour.do = gate.wait
    requests = [asyncio.create_task(http.get("/api/do")) for _ in range(LIMIT)]
    await eventually(gate.filled)
    yield gate
    gate.open.set()
    assert [answer.status_code for answer in await asyncio.gather(*requests)] == [200] * LIMIT


async def test_what_cannot_be_served_in_time_is_refused_with_a_time_to_come_back(
    http: httpx.AsyncClient, full: Gate, capsys: pytest.CaptureFixture[str]
) -> None:
    logging.getLogger("access").setLevel(logging.INFO)
    counted = {"method": "GET", "route": "refused", "status": "503"}
    before = REGISTRY.get_sample_value("http_requests_total", counted) or 0
    started = time.monotonic()
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    ids = {"X-Request-ID": "r1", "traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    answer = await http.get("/api/do", headers=ids)
    logging.getLogger("access").setLevel(logging.NOTSET)
    assert time.monotonic() - started < 2 * admission.BURST_SECONDS
    assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")
    assert answer.json()["error"]
    assert (answer.json()["request_id"], answer.json()["trace_id"]) == ("r1", trace)
    assert answer.headers["retry-after"] == "1"
    assert full.inside == LIMIT
    assert REGISTRY.get_sample_value("http_requests_total", counted) == before + 1
    assert "r1" not in capsys.readouterr().out


@pytest.mark.usefixtures("full")
async def test_whether_it_lives_is_answered_all_the_same(http: httpx.AsyncClient) -> None:
    for path in ("/health", "/health/live", "/health/serving", "/health/ready", "/metrics"):
        assert (await http.get(path)).status_code == 200


async def test_once_there_is_room_again_everybody_is_served(http: httpx.AsyncClient, full: Gate) -> None:
    following = asyncio.create_task(http.get("/api/do"))
    full.open.set()
    assert (await following).status_code == 200
    assert (await http.get("/api/do")).status_code == 200


async def test_streams_of_events_keep_nobody_out(
    http: httpx.AsyncClient, app: FastAPI, behaviour: Any
) -> None:
    end = asyncio.Event()

    async def events() -> AsyncIterator[bytes]:
        yield b"data: 1\n\n"
        await end.wait()

    async def stream() -> StreamingResponse:
        return StreamingResponse(events(), media_type="text/event-stream")

    behaviour.do = stream
    watching = [asyncio.create_task(http.get("/api/do")) for _ in range(LIMIT * 3)]
    others = await http.get("/api/things")
    end.set()
    answers = await asyncio.gather(*watching)
    assert others.status_code == 200
    assert [answer.status_code for answer in answers] == [200] * LIMIT * 3


async def test_clients_that_send_slowly_keep_nobody_out(app: FastAPI, http: httpx.AsyncClient) -> None:
    async def never() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def ignored(_: Message) -> None: ...

    scope = {
        "type": "http", "method": "POST", "path": "/api/things", "query_string": b"", "http_version": "1.1",
        "headers": [(b"content-type", b"application/json"), (b"content-length", b"10")], "client": ("1.2.3.4", 5),
    }  # fmt: skip
    slow = [asyncio.create_task(app(dict(scope), never, ignored)) for _ in range(LIMIT * 2)]
    await asyncio.sleep(0)
    answer = await http.get("/api/things")
    for task in slow:
        task.cancel()
    await asyncio.gather(*slow, return_exceptions=True)
    assert answer.status_code == 200


async def test_offered_much_more_than_it_can_do_it_goes_on_serving_in_time(
    http: httpx.AsyncClient, behaviour: Any
) -> None:
    """The endpoint can serve 50 a second: one at a time of what it needs, for 20 ms."""
    bottleneck, seconds, rate = asyncio.Lock(), 2.0, 200
    busy = 0.0

    async def work() -> dict[str, Any]:
        nonlocal busy
        async with bottleneck:
            begun = time.monotonic()
            await asyncio.sleep(0.02)
            busy += time.monotonic() - begun
        return {}

    behaviour.do = work
    served: list[float] = []
    refused: list[float] = []

    async def ask(due: float) -> None:
        await asyncio.sleep(due - time.monotonic())
        answer = await http.get("/api/do")
        assert answer.status_code in {200, 503}
        (served if answer.status_code == 200 else refused).append(time.monotonic() - due)

    started = time.monotonic()
    await asyncio.gather(*(ask(started + number / rate) for number in range(int(rate * seconds))))
    assert busy / (time.monotonic() - started) > 0.8  # so it served about as much as it can
    assert max(served) < 2.0  # without a bound the last one waits for six seconds
    assert median(refused) < 2 * admission.BURST_SECONDS
