"""The spans of requests: which there are, and what they say."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from prometheus_client import REGISTRY
from prometheus_client.openmetrics.exposition import generate_latest

from shared.errors import Conflict
from shared.observability import context, tracing
from shared.settings import ServiceSettings
from testing.otlp import Collector, Received
from testing.polling import eventually

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLED = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
UNSAMPLED = {"traceparent": f"00-{TRACE}-{PARENT}-00"}


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as collector:
        yield collector


@pytest.fixture
def exporting(collector: Collector, settings: ServiceSettings) -> Iterator[None]:
    traced = {"otlp_endpoint": collector.url, "trace_ratio": 0, "slow_request_seconds": 0.05}
    with tracing.exporting("sample", settings.model_copy(update=traced)):
        yield


@pytest.fixture
async def traced(exporting: None, http: httpx.AsyncClient) -> httpx.AsyncClient:
    return http


async def spans(collector: Collector, count: int = 1) -> list[Received]:
    """So many have come, and no more of what was asked before."""

    async def come() -> list[Received]:
        return list(collector.spans)

    return await eventually(come, until=lambda found: len(found) == count)


async def test_a_recorded_request_has_a_span_below_the_gateway_s(
    traced: httpx.AsyncClient, collector: Collector, behaviour: Any
) -> None:
    seen: list[str | None] = []

    async def look() -> dict[str, Any]:
        seen.append(context.traceparent())
        context.set_user(7)
        return {}

    behaviour.do = look
    await traced.get("/api/do?email=a@example.com", headers={**SAMPLED, "X-Request-ID": "r-1"})
    (span,) = await spans(collector)
    assert (span.trace_id, span.parent_id) == (TRACE, PARENT)
    assert seen == [f"00-{TRACE}-{span.span_id}-01"]
    assert (span.service, span.name, span.kind, span.failed) == ("sample", "GET /api/do", "server", False)
    assert span.attributes == {
        "http.request.method": "GET",
        "http.route": "/api/do",
        "http.response.status_code": 200,
        "request.id": "r-1",
        "user.id": 7,
    }
    assert 0 < span.end - span.start < 5_000_000_000


@pytest.mark.parametrize(
    "headers", [UNSAMPLED, {}, {"traceparent": f"00-{TRACE}-{PARENT}-xx"}, {"baggage": "a=b"}]
)
async def test_a_request_that_is_not_recorded_has_none(
    traced: httpx.AsyncClient, collector: Collector, headers: dict[str, str]
) -> None:
    await traced.get("/api/do", headers=headers)
    await traced.get("/api/do", headers=SAMPLED)  # a later one comes, so an earlier one would have
    assert [span.trace_id for span in await spans(collector)] == [TRACE]


async def test_an_error_has_a_span_afterwards(
    traced: httpx.AsyncClient, collector: Collector, behaviour: Any
) -> None:
    async def fail() -> None:
        raise RuntimeError("password of a@example.com")

    behaviour.do = fail
    answer = await traced.get("/api/do", headers=UNSAMPLED)
    assert answer.status_code == 500
    (span,) = await spans(collector)
    assert (span.trace_id, span.parent_id, span.failed) == (answer.json()["trace_id"], PARENT, True)
    assert span.attributes["trace.kept"] == "error"
    assert "example.com" not in repr(span)


async def test_a_slow_request_has_a_span_afterwards(
    traced: httpx.AsyncClient, collector: Collector, behaviour: Any
) -> None:
    async def take_long() -> dict[str, Any]:
        await asyncio.wait([asyncio.create_task(asyncio.Event().wait())], timeout=0.06)
        return {}

    behaviour.do = take_long
    await traced.get("/api/do", headers=UNSAMPLED)
    (span,) = await spans(collector)
    assert (span.attributes["trace.kept"], span.failed) == ("slow", False)
    assert span.end - span.start >= 50_000_000


async def test_what_a_client_did_wrong_is_no_error(
    traced: httpx.AsyncClient, collector: Collector, behaviour: Any
) -> None:
    async def refuse() -> None:
        raise Conflict

    behaviour.do = refuse
    await traced.get("/api/do", headers=UNSAMPLED)
    await traced.get("/api/do", headers=SAMPLED)
    (span,) = await spans(collector)
    assert (span.failed, span.attributes["http.response.status_code"]) == (False, 409)


async def test_whoever_asks_for_our_health_is_not_traced(
    traced: httpx.AsyncClient, collector: Collector
) -> None:
    for path in ("/health", "/health/live", "/metrics"):
        await traced.get(path, headers=SAMPLED)
    await traced.get("/api/do", headers=SAMPLED)
    assert [span.name for span in await spans(collector)] == ["GET /api/do"]


async def test_a_recorded_request_is_the_exemplar_of_its_figure(
    traced: httpx.AsyncClient, collector: Collector
) -> None:
    other = "b" * 32
    await traced.post("/api/things", headers=SAMPLED)
    await traced.post("/api/things", headers={"traceparent": f"00-{other}-{PARENT}-00"})
    text = generate_latest(REGISTRY).decode()  # type: ignore[no-untyped-call]
    exemplars = [line for line in text.splitlines() if f'trace_id="{TRACE}"' in line]
    assert any("http_request_duration_seconds_bucket" in line and "/api/things" in line for line in exemplars)
    assert other not in text


async def test_without_a_collector_a_flag_has_no_effect(http: httpx.AsyncClient, behaviour: Any) -> None:
    seen: list[bool] = []

    async def look() -> dict[str, Any]:
        current = context.current.get()
        assert current is not None
        seen.append(current.recorded)
        return {}

    behaviour.do = look
    await http.get("/api/do", headers=SAMPLED)
    assert seen == [False]
