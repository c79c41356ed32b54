"""A database in trouble is no failure of a job, however it shows itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from shared.db.database import Database
from shared.jobs import Jobs
from testing import always, eventually
from testing.jobs import put, statuses
from testing.outages import read_only

INSERT = text("INSERT INTO things (name) VALUES (:name)")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.jobs.executor.OUTAGE_SECONDS", 0.02)
    monkeypatch.setattr("shared.jobs.worker.POLL", timedelta(milliseconds=50))


def fails_with(sqlstate: str) -> str:
    return f"DO $$ BEGIN RAISE EXCEPTION 'trouble' USING ERRCODE = '{sqlstate}'; END $$"


@pytest.mark.parametrize(
    "statement", ["SET LOCAL transaction_read_only = on", *map(fails_with, ("53100", "55P03", "40001"))]
)
async def test_trouble_uses_no_try_up(
    committed_db: Database, working: Callable[..., Any], statement: str
) -> None:
    jobs, troubles = Jobs(), [statement] * 5

    @jobs.task("write", retries=0)
    async def write(_runtime: Any, _payload: dict[str, Any]) -> None:
        async with committed_db.session() as session:
            if troubles:
                await session.execute(text(troubles.pop()))
            await session.execute(INSERT, {"name": "done"})

    async with working(jobs):
        await put(committed_db, "write")
        await eventually(lambda: statuses(committed_db), until=lambda found: found == [], within=10)
    assert [row["name"] for row in await committed_db.fetch("SELECT name FROM things")] == ["done"]


async def test_a_job_under_way_when_the_database_becomes_read_only_is_done_after_that(
    committed_db: Database, working: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.jobs.worker.HEARTBEAT_TIMEOUT", timedelta(seconds=1))
    monkeypatch.setattr("shared.jobs.worker.RECONNECT_SECONDS", 0.1)
    jobs, began, may_write, failed = Jobs(), asyncio.Event(), asyncio.Event(), asyncio.Event()

    @jobs.task("write", retries=0)
    async def write(_runtime: Any, _payload: dict[str, Any]) -> None:
        began.set()
        await may_write.wait()
        try:
            async with committed_db.session() as session:
                await session.execute(INSERT, {"name": "done"})
        finally:
            failed.set()

    async with working(jobs):
        await put(committed_db, "write")
        await began.wait()
        async with read_only(committed_db.url):
            may_write.set()
            await failed.wait()
            await always(lambda: picked(committed_db), during=0.5)
        await eventually(lambda: done(committed_db), within=10)


async def picked(database: Database) -> bool:
    return await statuses(database) == ["picked"]


async def done(database: Database) -> bool:
    try:
        return await statuses(database) == []
    except Exception:  # a connection that was ended
        return False
