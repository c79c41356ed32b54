"""How far behind a service's jobs are, as its worker tells Prometheus. Every worker counts the same queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import Gauge
from sqlalchemy import text

if TYPE_CHECKING:
    from shared.runtime import Runtime

jobs_waiting = Gauge(
    "jobs_waiting", "Jobs whose time has come and that nobody has begun; counted to 100,000."
)
jobs_held = Gauge(
    "jobs_held", "Jobs that failed for good and wait until somebody decides; counted to 10,000."
)

_WAITING = text(
    "SELECT count(*) FROM (SELECT FROM pgqueuer WHERE status = 'queued' AND execute_after <= now() LIMIT 100000) AS due"
)
_HELD = text("SELECT count(*) FROM (SELECT FROM pgqueuer WHERE status = 'failed' LIMIT 10000) AS held")


async def measure_jobs(runtime: Runtime) -> None:
    """Count what waits, and what is held."""
    async with runtime.database.read(fresh=True) as connection:
        jobs_waiting.set((await connection.execute(_WAITING)).scalar_one())
        jobs_held.set((await connection.execute(_HELD)).scalar_one())
