"""Jobs that fail, give up or wait: tried again, held, or back in the queue."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db.database import Database
from shared.jobs import GivenUp, Jobs, Postponed, enqueue, list_held_jobs, requeue
from shared.jobs.worker import drain
from testing import eventually
from testing.jobs import put, statuses
from testing.metrics import sample

QUICK: dict[str, Any] = {"first_delay": timedelta(milliseconds=20), "max_delay": timedelta(milliseconds=50)}


async def test_a_failing_job_is_tried_again_then_held_and_can_be_requeued(
    committed_db: Database, runtime: Any
) -> None:
    jobs, tries = Jobs(), []
    broken = True

    @jobs.task("fragile", retries=2, **QUICK)
    async def fragile(_runtime: Any, payload: dict[str, Any]) -> None:
        tries.append(payload)
        if broken:
            raise LookupError("no such network")

    await put(committed_db, "fragile", n=1)
    await drain(jobs, runtime)
    assert len(tries) == 3
    async with committed_db.session() as session:
        (job,) = await list_held_jobs(session)
        assert (job.name, job.payload, job.tries) == ("fragile", {"n": 1}, 3)
        assert job.reason == "LookupError: no such network"
        assert await requeue(session) == [job.id]
    broken = False
    assert (sample("jobs_failed_total", kind="fragile"), sample("jobs_completed_total", kind="fragile")) == (
        3,
        0,
    )
    await drain(jobs, runtime)
    assert len(tries) == 4
    assert (sample("jobs_failed_total", kind="fragile"), sample("jobs_completed_total", kind="fragile")) == (
        3,
        1,
    )
    assert sample("job_duration_seconds_count", kind="fragile") == 4
    assert await statuses(committed_db) == []


async def test_a_job_that_takes_too_long_is_tried_again(committed_db: Database, runtime: Any) -> None:
    jobs, tries = Jobs(), []

    @jobs.task("slow", retries=1, timeout=timedelta(milliseconds=30), **QUICK)
    async def slow(_runtime: Any, _payload: dict[str, Any]) -> None:
        tries.append(1)
        await asyncio.Event().wait()

    await put(committed_db, "slow")
    await drain(jobs, runtime)
    assert len(tries) == 2
    assert await statuses(committed_db) == ["failed"]


async def test_a_job_that_gives_up_is_held_at_once_and_said_once(
    committed_db: Database, working: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    jobs, tries = Jobs(), []

    @jobs.task("refuse", retries=5, **QUICK)
    async def refuse(_runtime: Any, _payload: dict[str, Any]) -> None:
        tries.append(1)
        raise GivenUp("it makes no sense")

    async with working(jobs):
        await put(committed_db, "refuse")
        await eventually(lambda: statuses(committed_db), until=lambda found: found == ["failed"])
    assert len(tries) == 1
    async with committed_db.session() as session:
        (job,) = await list_held_jobs(session)
    assert job.reason == "GivenUp: it makes no sense"
    assert [record.levelname for record in caplog.records if "refuse" in record.getMessage()] == ["WARNING"]


async def test_a_postponed_job_comes_back_although_it_has_no_retries(
    committed_db: Database, working: Callable[..., Any]
) -> None:
    jobs, tries = Jobs(), []

    @jobs.task("wait", retries=0)
    async def wait(_runtime: Any, _payload: dict[str, Any]) -> None:
        tries.append(1)
        if len(tries) < 3:
            raise Postponed(timedelta(milliseconds=10), "not yet")

    async with working(jobs):
        await put(committed_db, "wait")
        await eventually(lambda: statuses(committed_db), until=lambda found: found == [], within=10)
    assert len(tries) == 3


async def test_to_wait_uses_no_try_up(
    committed_db: Database, working: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.jobs.worker.POLL", timedelta(milliseconds=50))
    jobs, tries = Jobs(), []

    @jobs.task("wait", retries=1, **QUICK)
    async def wait(_runtime: Any, _payload: dict[str, Any]) -> None:
        tries.append(1)
        if len(tries) < 4:
            raise Postponed(timedelta(milliseconds=10), "not yet")
        raise LookupError("no such network")

    async with working(jobs):
        await put(committed_db, "wait")
        await eventually(lambda: statuses(committed_db), until=lambda found: found == ["failed"], within=10)
    assert len(tries) == 5
    assert sample("jobs_failed_total", kind="wait") == 2
    async with committed_db.session() as session:
        (job,) = await list_held_jobs(session)
    assert job.tries == 2


async def test_of_held_jobs_with_the_same_key_the_newest_is_requeued(committed_db: Database) -> None:
    async with committed_db.session() as session:
        jobs = [await held_job(session, key) for key in ("a", "a", "b", None, None, "c")]
        await enqueue(session, "greet", {}, dedupe_key="c")
    first, newer, b, one, other, _ = jobs
    async with committed_db.session() as session:
        assert await requeue(session, [first]) == [first]
    async with committed_db.session() as session:
        await hold(session, first)
        assert sorted(await requeue(session)) == [newer, b, one, other]
        assert [job.id for job in await list_held_jobs(session) if job.id != jobs[-1]] == [first]


async def held_job(session: AsyncSession, key: str | None) -> int:
    job = await enqueue(session, "greet", {}, dedupe_key=key)
    assert job is not None
    await hold(session, job)
    return job


async def hold(session: AsyncSession, job: int) -> None:
    await session.execute(text("UPDATE pgqueuer SET status = 'failed' WHERE id = :id"), {"id": job})
