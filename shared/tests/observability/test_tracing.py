"""What decides that a trace is recorded, what is in it, and a collector that is away."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from time import perf_counter
from typing import Any, cast

import pytest
from opentelemetry.sdk.trace.sampling import TraceIdRatioBased
from prometheus_client import REGISTRY

from shared import spans
from shared.observability import context, tracing
from shared.observability.otlp import BATCH, QUEUE
from shared.settings import ServiceSettings
from testing.otlp import Collector, Received
from testing.polling import eventually

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLED = f"00-{TRACE}-{PARENT}-01"
Exporting = Callable[..., AbstractContextManager[None]]


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as collector:
        yield collector


@pytest.fixture
def exporting(collector: Collector) -> Exporting:
    """`with exporting(ratio):`, to the collector or where it is said."""

    def start(ratio: float = 0, url: str | None = None) -> AbstractContextManager[None]:
        settings = ServiceSettings(
            environment="test",
            database_url="postgresql://user:word@localhost/sample",
            redis_url="redis://localhost",
            port=1,
            worker_port=1,
            platform_url="http://platform.test",
            service_secret=cast("Any", "a-secret-of-at-least-32-characters"),
            otlp_endpoint=url or collector.url,
            trace_ratio=ratio,
        )
        return tracing.exporting("sample", settings)

    return start


async def received(collector: Collector, count: int) -> dict[str, Received]:
    """By name."""

    async def come() -> list[Received]:
        return list(collector.spans)

    found = await eventually(come, until=lambda spans: len(spans) >= count)
    return {span.name: span for span in found}


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("trace_spans_total", {"outcome": outcome}) or 0.0


@pytest.mark.parametrize("ratio", [0.0, 0.1, 0.5, 1.0])
def test_the_share_is_the_one_of_opentelemetrys_sampler(exporting: Exporting, ratio: float) -> None:
    sampler = TraceIdRatioBased(ratio)
    with exporting(ratio):
        for _ in range(200):
            started = context.start()
            wanted = sampler.should_sample(None, int(started.trace_id, 16), "any").decision.is_sampled()  # type: ignore[no-untyped-call]
            assert (started.recorded, started.flags) == (wanted, "01" if wanted else "00")


@pytest.mark.parametrize(("flags", "recorded"), [("01", True), ("03", True), ("00", False), ("02", False)])
def test_whoever_began_a_trace_has_decided(exporting: Exporting, flags: str, recorded: bool) -> None:
    for ratio in (0, 1):
        with exporting(ratio):
            started = context.start(traceparent=f"00-{TRACE}-{PARENT}-{flags}")
            assert (started.recorded, started.flags, started.parent_id) == (recorded, flags, PARENT)


async def test_the_work_of_an_event_hangs_below_its_publishing(
    exporting: Exporting, collector: Collector
) -> None:
    with exporting():
        with (
            tracing.continued(SAMPLED, "first", {}),
            tracing.handing_on("publish", {"messaging.system": "outbox"}) as traceparent,
        ):
            assert spans.listener is not None
            spans.listener("bookings.queries.read_one", 0.001, {"db.system.name": "postgresql"}, False)
        with tracing.continued(traceparent, "second", {}):
            pass
        found = await received(collector, 4)
    first, publish, second = found["first"], found["publish"], found["second"]
    assert {span.trace_id for span in found.values()} == {TRACE}
    assert (first.parent_id, publish.parent_id, second.parent_id) == (PARENT, first.span_id, publish.span_id)
    assert found["bookings.queries.read_one"].parent_id == first.span_id
    assert [span.kind for span in (first, publish, second)] == ["consumer", "producer", "consumer"]


async def test_work_that_fails_has_a_span_also_where_it_is_not_recorded(
    exporting: Exporting, collector: Collector
) -> None:
    with exporting():
        with tracing.continued(None, "fine", {}):
            pass
        with pytest.raises(LookupError), tracing.continued(None, "waits", {}, unless=(LookupError,)):
            raise LookupError
        with pytest.raises(ValueError, match="secret"), tracing.continued(None, "fails", {}):
            raise ValueError("secret")
        with pytest.raises(asyncio.CancelledError), tracing.continued(None, "stopped with its process", {}):
            raise asyncio.CancelledError
        found = await received(collector, 1)
    assert found.keys() == {"fails"}
    assert (found["fails"].failed, found["fails"].attributes) == (True, {"trace.kept": "error"})


async def test_a_collector_that_hangs_delays_nobody_and_is_not_waited_for_at_the_end(
    exporting: Exporting, collector: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    dropped = counted("dropped")
    with collector.hangs():
        exporter = exporting()
        exporter.__enter__()
        started = perf_counter()
        for _ in range(QUEUE + 10 * BATCH):
            with tracing.continued(SAMPLED, "work", {}):
                pass
        each = (perf_counter() - started) / (QUEUE + 10 * BATCH)
        assert each < 0.001
        assert counted("dropped") > dropped
        closing = perf_counter()
        exporter.__exit__(None, None, None)
        assert perf_counter() - closing < tracing.CLOSE_SECONDS + 0.5
    assert len([r for r in caplog.records if r.levelno >= logging.WARNING]) <= 1


async def test_a_collector_that_refuses_is_logged_once_and_once_more_when_it_is_back(
    exporting: Exporting, collector: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    failed, collector.status = counted("failed"), 400
    with exporting():

        async def lost(batches: int) -> bool:
            with tracing.continued(SAMPLED, "work", {}):
                pass
            return collector.requests >= batches

        await eventually(lambda: lost(3), within=10, every=0.2)
        collector.status = 200
        await received(collector, 1)

        async def logged() -> list[str]:
            return [r.message for r in caplog.records if r.message.startswith("traces:")]

        lines = await eventually(logged, until=lambda found: len(found) == 2)
    assert "takes no spans" in lines[0]
    assert "takes spans again" in lines[1]
    assert counted("failed") > failed
    assert not [r for r in caplog.records if r.name.startswith("opentelemetry")]


async def test_where_no_collector_is_nothing_else_changes(
    exporting: Exporting, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        failed = counted("failed")
        with exporting(url=url):
            with tracing.continued(SAMPLED, "work", {}):
                pass

            async def given_up() -> bool:
                await asyncio.sleep(0)
                return counted("failed") > failed

            await eventually(given_up, within=10)
    (line,) = [r.message for r in caplog.records if r.levelno >= logging.WARNING]
    assert url in line
    assert not tracing.is_on()
    assert spans.listener is None
