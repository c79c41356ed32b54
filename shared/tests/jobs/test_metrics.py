"""What the worker tells of its queue."""

from __future__ import annotations

from datetime import timedelta

from prometheus_client import REGISTRY
from sqlalchemy import text

from shared.db.database import Database
from shared.jobs import enqueue, enqueue_many
from shared.jobs.worker import measure_jobs


async def test_jobs_wait_once_their_time_has_come_and_until_somebody_begins_or_holds_them(
    committed_db: Database,
) -> None:
    async with committed_db.session() as session:
        await enqueue(session, "greet", {}, after=timedelta(hours=1))
        begun, held, *_ = await enqueue_many(session, "greet", [{"number": number} for number in range(4)])
        for job, status in ((begun, "picked"), (held, "failed")):
            change = "UPDATE pgqueuer SET status = CAST(:status AS pgqueuer_status) WHERE id = :id"
            await session.execute(text(change), {"status": status, "id": job})
    await measure_jobs(committed_db)
    assert REGISTRY.get_sample_value("jobs_waiting") == 2
    assert REGISTRY.get_sample_value("jobs_held") == 1
