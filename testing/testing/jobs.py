"""Jobs in tests: what was enqueued, also inside a transaction that is rolled back; and what the clock starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import text

from shared.db.database import Database
from shared.jobs import enqueue

if TYPE_CHECKING:
    from shared.runtime import Runtime
    from shared.service import ServiceDefinition

_WAITING = text("SELECT entrypoint, payload FROM pgqueuer WHERE status = 'queued' ORDER BY id")


async def put(database: Database, name: str, **payload: Any) -> None:
    """Enqueue one job, in a transaction of its own."""
    async with database.session() as session:
        await enqueue(session, name, payload)


async def statuses(database: Database) -> list[str]:
    """What pgqueuer says of each job that is in the queue, the oldest first."""
    async with database.read(fresh=True) as connection:
        return list(
            (await connection.execute(text("SELECT status::text FROM pgqueuer ORDER BY id"))).scalars()
        )


async def enqueued(database: Database) -> list[tuple[str, dict[str, Any]]]:
    """The waiting jobs' names and payloads, the oldest first."""
    async with database.read(fresh=True) as connection:
        rows = (await connection.execute(_WAITING)).all()
    return [(row.entrypoint, orjson.loads(row.payload)) for row in rows]


async def run_every_schedule(definition: ServiceDefinition, runtime: Runtime) -> list[str]:
    """Do once what the service's worker does by the clock, which would only log what is raised; their names."""
    from shared.jobs.worker import PURGE_LOG

    parts = definition.worker(runtime)
    schedules = [PURGE_LOG, *(parts.jobs.schedules.values() if parts.jobs else ())]
    try:
        for schedule in schedules:
            await schedule.handler(runtime)
    finally:
        if parts.close is not None:
            await parts.close()
    return [schedule.name for schedule in schedules]
