"""What Prometheus is told of jobs: each run, and how far behind the queue is. The one place around a run of a job."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter

from prometheus_client import Counter, Gauge, Histogram
from sqlalchemy import text

from shared.db.database import Database
from shared.jobs.task import Jobs, Postponed
from shared.labelled import OTHER, Labelled
from shared.outages import is_outage

waiting = Gauge("jobs_waiting", "Jobs that are due and have not started; counted up to 100,000.", ["kind"])
oldest = Gauge("jobs_oldest_seconds", "How long the one of them that was due first has waited.", ["kind"])
held = Gauge(
    "jobs_held", "Jobs that failed permanently and await a decision; counted up to 10,000.", ["kind"]
)
completed_total = Counter("jobs_completed", "Jobs and scheduled tasks that were done.", ["kind"])
failed_total = Counter("jobs_failed", "Tries that failed; not those that wait or met an outage.", ["kind"])
duration_seconds = Histogram(
    "job_duration_seconds",
    "Time of a try, however it ended.",
    ["kind"],
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
_completed_of = Labelled(completed_total)
_failed_of = Labelled(failed_total)
_duration_of = Labelled(duration_seconds)

_WAITING = text(
    "SELECT entrypoint AS kind, count(*) AS jobs, extract(epoch FROM now() - min(execute_after))::float AS oldest FROM"
    " (SELECT entrypoint, execute_after FROM pgqueuer"
    "  WHERE status = 'queued' AND execute_after <= now() LIMIT 100000) AS due GROUP BY entrypoint"
)
_HELD = text(
    "SELECT entrypoint AS kind, count(*) AS jobs"
    " FROM (SELECT entrypoint FROM pgqueuer WHERE status = 'failed' LIMIT 10000) AS held GROUP BY entrypoint"
)


def declare(kind: str) -> None:
    """Show both counts of `kind` from the start: a series that begins with its first failure has no rate for it."""
    _completed_of(kind)
    _failed_of(kind)


@contextmanager
def observed_job(kind: str) -> Iterator[None]:
    """Around one try of a job, or one run of a schedule."""
    started = perf_counter()
    try:
        yield
    except Exception as error:
        if not isinstance(error, Postponed) and not is_outage(error):
            _failed_of(kind).inc()
        raise
    else:
        _completed_of(kind).inc()
    finally:
        _duration_of(kind).observe(perf_counter() - started)


async def measure_jobs(database: Database, jobs: Jobs) -> None:
    """Count what waits and what is held, of each of these jobs; a kind that none of them is counts as "other"."""
    async with database.read(fresh=True) as connection:
        due = (await connection.execute(_WAITING)).all()
        kept = (await connection.execute(_HELD)).all()
    _show(waiting, jobs, [(row.kind, row.jobs) for row in due], sum)
    _show(oldest, jobs, [(row.kind, row.oldest) for row in due], max)
    _show(held, jobs, [(row.kind, row.jobs) for row in kept], sum)


def _show(
    gauge: Gauge,
    jobs: Jobs,
    found: Sequence[tuple[str, float]],
    combine: Callable[[Iterable[float]], float],
) -> None:
    """Also the zeros of those of which there are none now."""
    values: dict[str, list[float]] = {kind: [0.0] for kind in (*jobs.tasks, OTHER)}
    for kind, value in found:
        values[kind if kind in values else OTHER].append(value)
    for kind, each in values.items():
        gauge.labels(kind).set(combine(each))
