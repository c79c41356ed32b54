"""What the clock starts: on one worker, within a time, and again after that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from shared.db.database import Database
from shared.jobs import Jobs
from testing import eventually


async def test_a_schedule_runs_by_the_clock_on_one_of_the_workers(
    committed_db: Database, working: Callable[..., Any]
) -> None:
    ran = asyncio.Queue[int]()

    def jobs() -> Jobs:
        made = Jobs()

        @made.every("* * * * *", name="tick")
        async def tick(_runtime: Any) -> None:
            await ran.put(1)

        return made

    async def make_due() -> int:
        async with committed_db.session() as session:
            due = "UPDATE pgqueuer_schedules SET next_run = now() - interval '1 second' RETURNING id"
            return len((await session.execute(text(due))).all())

    async with working(jobs()):
        # The queue sleeps until the next minute; a second worker that starts looks at once.
        await eventually(make_due)
    async with working(jobs()), working(jobs()):
        await asyncio.wait_for(ran.get(), 5)
    assert ran.empty()


async def test_a_schedule_that_hangs_is_cancelled_and_begun_again(
    committed_db: Database, working: Callable[..., Any]
) -> None:
    began, known, jobs = asyncio.Queue[int](), Jobs(), Jobs()

    @known.every("* * * * *", name="hang")
    async def nothing(_runtime: Any) -> None: ...

    @jobs.every("* * * * *", name="hang", timeout=timedelta(milliseconds=50))
    async def hang(_runtime: Any) -> None:
        await began.put(1)
        await asyncio.Event().wait()

    async def make_due() -> bool:
        """Unless it is running."""
        due = (
            "UPDATE pgqueuer_schedules SET next_run = now() - interval '1 second'"
            " WHERE entrypoint = 'hang' AND status = 'queued' RETURNING id"
        )
        async with committed_db.session() as session:
            return bool((await session.execute(text(due))).all())

    async with working(known):
        await eventually(make_due)
    assert await make_due()
    async with working(jobs):
        await asyncio.wait_for(began.get(), 5)
        await eventually(make_due)
    async with working(jobs):
        await asyncio.wait_for(began.get(), 5)


def test_a_schedule_may_take_ten_minutes_unless_it_says_so() -> None:
    jobs = Jobs()

    @jobs.every("* * * * *", name="tick")
    async def tick(_runtime: Any) -> None: ...

    assert jobs.schedules["tick"].timeout == timedelta(minutes=10)
