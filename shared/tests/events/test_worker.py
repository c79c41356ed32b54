"""The worker process as a whole."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.db.database import Database
from shared.events.metrics import watch
from shared.service import ServiceDefinition, WorkerParts
from shared.settings import ServiceSettings
from shared.worker import run_worker
from testing import eventually
from testing.local_servers.process import free_port

OpenWorker = Callable[..., Any]


@pytest.fixture
def open_worker(committed_db: Database, runtime_for: Callable[..., Any], migrations: Path) -> OpenWorker:
    """`async with open_worker(WorkerParts(...)) as (task, url)`: it runs, with its health server on `url`."""

    @asynccontextmanager
    async def start(parts: WorkerParts) -> AsyncIterator[tuple[asyncio.Task[int], str]]:
        definition = ServiceDefinition(
            name="teller",
            settings_type=ServiceSettings,
            routers=lambda _: (),
            migrations=migrations,
            worker=lambda _: parts,
        )
        port = free_port()
        async with runtime_for(definition, committed_db, worker_port=port, host="127.0.0.1") as runtime:
            task = asyncio.create_task(run_worker(definition, runtime))
            try:
                yield task, f"http://127.0.0.1:{port}"
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    return start


async def until_ready(url: str) -> None:
    async with httpx.AsyncClient() as client:

        async def ready() -> bool:
            try:
                return (await client.get(f"{url}/health/ready")).status_code == 200
            except httpx.TransportError:
                return False

        await eventually(ready, within=10)


async def test_it_publishes_consumes_and_tells_how_far_behind_it_is(
    open_worker: OpenWorker, committed_db: Database, things: Any
) -> None:
    parts = WorkerParts(outbox=things.Outbox, consumers=[things.writing_consumer()])
    async with open_worker(parts) as (_, url), httpx.AsyncClient(base_url=url) as client:
        await until_ready(url)
        await things.tell(committed_db, (1, "a"))
        await eventually(lambda: things.effects(committed_db))
        assert (await client.get("/health/live")).status_code == 200

        async def metrics() -> str:
            return (await client.get("/metrics")).text

        done = {'events_lag{source="teller"} 0.0', "outbox_pending 0.0"}
        found = await eventually(metrics, within=10, until=lambda text: done <= set(text.splitlines()))
        for name in (
            "outbox_oldest_seconds",
            "events_dead_letters 0.0",
            "events_unfinished",
            'events_group_unread{group="listener"} 0.0',
            'events_group_oldest_seconds{group="listener"} 0.0',
            'events_group_abandoned{group="listener",stream="events:teller"} 0.0',
            "events_stream_full 0.0",
        ):
            assert name in found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_after_what_runs_has_finished(
    open_worker: OpenWorker, committed_db: Database, things: Any, number: int
) -> None:
    begun, finished = asyncio.Event(), asyncio.Event()

    async def slow(stop: asyncio.Event) -> None:
        begun.set()
        await stop.wait()
        await asyncio.sleep(0.1)
        finished.set()

    closed = asyncio.Event()

    async def close() -> None:
        closed.set()

    parts = WorkerParts(outbox=things.Outbox, extra=[slow], close=close)
    async with open_worker(parts) as (task, url):
        await until_ready(url)
        await begun.wait()
        os.kill(os.getpid(), number)
        assert await asyncio.wait_for(task, 5) == 0
    assert finished.is_set()
    assert closed.is_set()


async def test_it_is_not_ready_while_it_stops(open_worker: OpenWorker, things: Any) -> None:
    gate = asyncio.Event()

    async def slow(stop: asyncio.Event) -> None:
        await gate.wait()

    async with (
        open_worker(WorkerParts(extra=[slow])) as (task, url),
        httpx.AsyncClient(base_url=url) as client,
    ):
        await until_ready(url)
        os.kill(os.getpid(), signal.SIGTERM)

        async def status() -> int:
            return (await client.get("/health/ready")).status_code

        await eventually(status, until=lambda found: found == 503)
        assert (await client.get("/health/live")).status_code == 200
        gate.set()
        await asyncio.wait_for(task, 5)


async def test_what_does_not_end_in_time_is_cancelled(
    open_worker: OpenWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.worker.GRACE_SECONDS", 0.05)

    async def endless(stop: asyncio.Event) -> None:
        await asyncio.Event().wait()

    async with open_worker(WorkerParts(extra=[endless])) as (task, url):
        await until_ready(url)
        os.kill(os.getpid(), signal.SIGTERM)
        assert await asyncio.wait_for(task, 5) == 0


@pytest.mark.parametrize("how", ["raises", "returns"])
async def test_a_part_that_ends_by_itself_ends_the_process_after_the_others_finished(
    open_worker: OpenWorker, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    finished = asyncio.Event()

    async def broken(stop: asyncio.Event) -> None:
        if how == "raises":
            raise LookupError("a bug")

    async def steady(stop: asyncio.Event) -> None:
        await stop.wait()
        finished.set()

    async with open_worker(WorkerParts(extra=[steady, broken])) as (task, _):
        assert await asyncio.wait_for(task, 5) == 1
    assert finished.is_set()
    assert "worker: extra 1 failed" in caplog.text


async def test_a_taken_port_is_named(
    open_worker: OpenWorker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_worker(WorkerParts()) as (_, url):
        await until_ready(url)
        port = int(url.rpartition(":")[2])
        monkeypatch.setitem(globals(), "free_port", lambda: port)
        async with open_worker(WorkerParts()) as (task, _):
            assert await asyncio.wait_for(task, 5) == 1
    assert f"cannot listen on port {port}" in caplog.text


async def test_what_cannot_be_measured_keeps_its_value_and_harms_nothing_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stop, measured = asyncio.Event(), []

    async def broken() -> None:
        raise LookupError("a bug in a query")

    async def away() -> None:
        raise ConnectionRefusedError("no server")

    async def well() -> None:
        measured.append(1)
        stop.set()

    await watch([broken, away, well], stop)
    assert measured == [1]
    assert [record.levelname for record in caplog.records if record.name == watch.__module__] == ["ERROR"]
