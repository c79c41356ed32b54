from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.responses import StreamingResponse

from shared.settings import ServiceSettings
from testing.metrics import sample

SECONDS = "http_request_duration_seconds_sum"


@pytest.fixture
def settings(settings: ServiceSettings) -> ServiceSettings:
    return settings.model_copy(update={"request_timeout_seconds": 0.05})


async def test_past_the_deadline_the_handler_is_cancelled_and_503_is_answered(
    http: httpx.AsyncClient, behaviour: Any
) -> None:
    behaviour.do = behaviour.forever
    answer = await http.get("/api/do")
    assert (answer.status_code, answer.json()["code"]) == (503, "deadline_exceeded")
    assert answer.headers["retry-after"] == "1"
    assert behaviour.cancelled.is_set()


async def test_a_stream_of_events_outlasts_the_deadline(http: httpx.AsyncClient, behaviour: Any) -> None:
    async def events() -> AsyncIterator[bytes]:
        for _ in range(3):
            await asyncio.sleep(0.05)
            yield b"data: 1\n\n"

    async def stream() -> StreamingResponse:
        return StreamingResponse(events(), media_type="text/event-stream")

    behaviour.do = stream
    before = sample(SECONDS, method="GET", route="/api/do")
    answer = await http.get("/api/do")
    assert (answer.status_code, answer.text.count("data: 1")) == (200, 3)
    assert sample(SECONDS, method="GET", route="/api/do") - before < 0.05  # listening is not waiting


async def test_past_the_deadline_a_body_that_does_not_arrive_is_the_clients_fault(
    http: httpx.AsyncClient,
) -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    answer = await http.post("/api/things", content=slow(), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (408, "request_timeout")


async def test_a_timeout_of_the_handlers_own_is_not_taken_for_the_deadline(
    http: httpx.AsyncClient, behaviour: Any
) -> None:
    async def own() -> None:
        raise TimeoutError

    behaviour.do = own
    assert (await http.get("/api/do")).status_code == 503
