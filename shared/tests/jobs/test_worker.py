"""shared.jobs.worker, with the real queue."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from shared.db.database import Database
from shared.jobs import Jobs, worker
from shared.jobs.worker import drain
from shared.observability import context
from testing import eventually
from testing.jobs import put, statuses


async def test_a_job_runs_soon_after_its_commit(committed_db: Database, working: Callable[..., Any]) -> None:
    jobs, greeted = Jobs(), asyncio.Queue[Any]()

    @jobs.task("greet")
    async def greet(_runtime: Any, payload: dict[str, Any]) -> None:
        await greeted.put(payload)

    async with working(jobs):
        await put(committed_db, "greet", who="Kim", at="서울")
        assert await asyncio.wait_for(greeted.get(), 5) == {"who": "Kim", "at": "서울"}
        await eventually(lambda: statuses(committed_db), until=lambda found: found == [])


async def test_a_job_continues_the_trace_of_who_enqueued_it(committed_db: Database, runtime: Any) -> None:
    jobs, seen = Jobs(), []

    @jobs.task("greet")
    async def greet(_runtime: Any, _payload: dict[str, Any]) -> None:
        seen.append(context.trace_id())

    here = context.start()
    token = context.current.set(here)
    await put(committed_db, "greet")
    context.current.reset(token)
    await drain(jobs, runtime)
    assert seen == [here.trace_id]


async def test_a_stopping_worker_lets_its_job_end(
    committed_db: Database, working: Callable[..., Any]
) -> None:
    jobs, started, may_end, ended = Jobs(), asyncio.Event(), asyncio.Event(), []

    @jobs.task("slow")
    async def slow(_runtime: Any, _payload: dict[str, Any]) -> None:
        started.set()
        await may_end.wait()
        ended.append(1)

    async with working(jobs):
        await put(committed_db, "slow")
        await asyncio.wait_for(started.wait(), 5)
        asyncio.get_running_loop().call_later(0.1, may_end.set)
    assert ended == [1]
    assert await statuses(committed_db) == []


async def test_a_stopping_worker_hands_back_what_takes_too_long(
    committed_db: Database, working: Callable[..., Any], runtime: Any
) -> None:
    jobs, started = Jobs(), asyncio.Event()
    tries = 0

    @jobs.task("slow")
    async def slow(_runtime: Any, _payload: dict[str, Any]) -> None:
        nonlocal tries
        tries += 1
        started.set()
        if tries == 1:
            await asyncio.Event().wait()

    async with working(jobs, drain_seconds=0.1):
        await put(committed_db, "slow")
        await asyncio.wait_for(started.wait(), 5)
    assert await statuses(committed_db) == ["queued"]
    await drain(jobs, runtime)
    assert tries == 2


async def test_a_cancelled_worker_hands_its_jobs_back(committed_db: Database, runtime: Any) -> None:
    jobs, started = Jobs(), asyncio.Event()

    @jobs.task("slow")
    async def slow(_runtime: Any, _payload: dict[str, Any]) -> None:
        started.set()
        await asyncio.Event().wait()

    running = asyncio.create_task(worker.run_jobs(jobs, runtime, drain_seconds=0))
    await put(committed_db, "slow")
    await asyncio.wait_for(started.wait(), 5)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await statuses(committed_db) == ["queued"]


async def test_the_job_of_a_killed_worker_comes_back(
    committed_db: Database, working: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "HEARTBEAT_TIMEOUT", timedelta(milliseconds=400))
    monkeypatch.setattr(worker, "POLL", timedelta(milliseconds=100))
    done = asyncio.Event()
    jobs = Jobs()

    @jobs.task("greet")
    async def greet(_runtime: Any, _payload: dict[str, Any]) -> None:
        done.set()

    killed = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED_WORKER, committed_db.url, stdout=asyncio.subprocess.PIPE
    )
    await put(committed_db, "greet")
    assert killed.stdout is not None
    assert await asyncio.wait_for(killed.stdout.readline(), 10) == b"picked\n"
    killed.kill()
    await killed.wait()
    assert await statuses(committed_db) == ["picked"]
    async with working(jobs):
        await asyncio.wait_for(done.wait(), 5)


KILLED_WORKER = """
import asyncio, sys
from types import SimpleNamespace
from shared.jobs import Jobs
from shared.jobs.worker import run_jobs

jobs = Jobs()

@jobs.task("greet")
async def greet(runtime, payload):
    print("picked", flush=True)
    await asyncio.sleep(60)

asyncio.run(run_jobs(jobs, SimpleNamespace(database=SimpleNamespace(url=sys.argv[1]))))
"""


async def test_the_worker_goes_on_after_the_database_was_away(
    committed_db: Database, working: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "RECONNECT_SECONDS", 0.05)
    jobs, done = Jobs(), asyncio.Event()

    @jobs.task("greet")
    async def greet(_runtime: Any, _payload: dict[str, Any]) -> None:
        done.set()

    async def cut_off() -> int:
        workers = "application_name = :name AND datname = current_database()"
        kill = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {workers}"  # noqa: S608
        async with committed_db.read() as connection:
            return len((await connection.execute(text(kill), {"name": "jobs"})).all())

    async with working(jobs):
        assert await eventually(cut_off) == 1
        await put(committed_db, "greet")
        await asyncio.wait_for(done.wait(), 10)


async def test_a_service_says_how_many_jobs_run_at_a_time(
    committed_db: Database, working: Callable[..., Any]
) -> None:
    jobs, running, most = Jobs(at_a_time=4), set[int](), []

    @jobs.task("count")
    async def count(_runtime: Any, payload: dict[str, Any]) -> None:
        running.add(payload["number"])
        most.append(len(running))
        await asyncio.sleep(0.02)
        running.discard(payload["number"])

    for number in range(12):
        await put(committed_db, "count", number=number)
    async with working(jobs):
        await eventually(lambda: statuses(committed_db), until=lambda found: found == [])
    assert len(most) == 12
    assert max(most) <= 4
