"""What the worker tells of its queue."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from prometheus_client import REGISTRY
from sqlalchemy import text

from shared.db.database import Database
from shared.jobs import Jobs, enqueue, enqueue_many
from shared.jobs.metrics import declare, measure_jobs


def jobs_named(*names: str) -> Jobs:
    async def handler(_resources: Any, _payload: dict[str, Any]) -> None:
        """Is never run."""

    jobs = Jobs()
    for name in names:
        jobs.task(name)(handler)
    return jobs


def told(name: str, kind: str) -> float:
    value = REGISTRY.get_sample_value(name, {"kind": kind})
    assert value is not None
    return value


async def test_jobs_wait_once_their_time_has_come_and_until_somebody_begins_or_holds_them(
    committed_db: Database,
) -> None:
    async with committed_db.session() as session:
        await enqueue(session, "greet", {}, after=timedelta(hours=1))
        begun, held, *_ = await enqueue_many(session, "greet", [{"number": number} for number in range(4)])
        for job, status in ((begun, "picked"), (held, "failed")):
            change = "UPDATE pgqueuer SET status = CAST(:status AS pgqueuer_status) WHERE id = :id"
            await session.execute(text(change), {"status": status, "id": job})
    await measure_jobs(committed_db, jobs_named("greet", "rest"))
    assert told("jobs_waiting", "greet") == 2
    assert 0 <= told("jobs_oldest_seconds", "greet") < 60
    assert told("jobs_held", "greet") == 1
    assert (
        told("jobs_waiting", "rest") == told("jobs_held", "rest") == told("jobs_oldest_seconds", "rest") == 0
    )


async def test_however_many_kinds_are_in_the_queue_those_of_the_service_alone_have_series(
    committed_db: Database,
) -> None:
    async with committed_db.session() as session:
        for number in range(20):
            await enqueue(session, f"strange {number}", {})
    await measure_jobs(committed_db, jobs_named("greet"))
    assert told("jobs_waiting", "other") == 20
    assert REGISTRY.get_sample_value("jobs_waiting", {"kind": "strange 1"}) is None


async def test_what_a_worker_runs_has_its_counts_before_the_first_of_them() -> None:
    """A series that begins with its first failure has no rate for it."""
    declare("new here")
    assert told("jobs_completed_total", "new here") == told("jobs_failed_total", "new here") == 0
