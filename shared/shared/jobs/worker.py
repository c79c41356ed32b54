"""The part of a worker process that runs jobs."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import timedelta
from typing import Any

import asyncpg
from pgqueuer import AsyncpgDriver, PgQueuer
from pgqueuer.domain.types import QueueExecutionMode

from shared.db.engine import WORKER_SETTINGS
from shared.db.statements import ObservedConnection
from shared.db.transactions import DRIVER_ERRORS
from shared.jobs.executor import CountingFailures, register_schedule, register_task
from shared.jobs.held_jobs import PURGED_AT_ONCE, purge_log
from shared.jobs.task import Jobs, Resources, Schedule
from shared.tasks import wait_at_most

logger = logging.getLogger(__name__)

HEARTBEAT_TIMEOUT = timedelta(seconds=6)
"""A job of a worker that has been silent for so long is given to another one."""
POLL = timedelta(seconds=2)
"""New jobs are announced; polling finds those of dead workers."""
DRAIN_SECONDS = 10.0
HAND_BACK_SECONDS = 3.0
RECONNECT_SECONDS = 1.0


async def _purge_log(resources: Resources) -> None:
    """A few in each transaction, until nothing old is left."""
    purged = most = PURGED_AT_ONCE
    while purged >= most:
        async with resources.database.session() as session:
            purged = await purge_log(session, most=most)


PURGE_LOG = Schedule("jobs.purge_log", "17 * * * *", _purge_log)


async def run_jobs(
    jobs: Jobs,
    resources: Resources,
    *,
    stop: asyncio.Event | None = None,
    drain_seconds: float = DRAIN_SECONDS,
) -> None:
    """Runs jobs until `stop` is set or this is cancelled; recovers by itself after a database outage.

    Then running jobs have `drain_seconds` to end; the rest is handed back to the queue.
    """
    stop = stop or asyncio.Event()
    while not stop.is_set():
        try:
            await _run(jobs, resources, stop, drain_seconds)
        except (OSError, *DRIVER_ERRORS) as error:
            logger.warning("jobs: the database is away, trying again: %r", error)
            await wait_at_most(stop, RECONNECT_SECONDS)


async def drain(jobs: Jobs, resources: Resources) -> None:
    """Runs everything in the queue, including jobs that are due later, and returns when it is empty. For tests and
    tools."""
    await _run(jobs, resources, asyncio.Event(), DRAIN_SECONDS, mode=QueueExecutionMode.drain)


async def _run(
    jobs: Jobs,
    resources: Resources,
    stop: asyncio.Event,
    drain_seconds: float,
    mode: QueueExecutionMode = QueueExecutionMode.continuous,
) -> None:
    connection = await asyncpg.connect(
        resources.database.url,
        server_settings={**WORKER_SETTINGS, "application_name": "jobs"},
        connection_class=ObservedConnection,
    )
    try:
        at_work: set[asyncio.Task[Any]] = set()
        queue = _queue(jobs, resources, connection, at_work)
        running = asyncio.create_task(_manage(queue, jobs.at_a_time, mode))
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            queue.shutdown.set()
            await _end(running, at_work, drain_seconds)
        if running.done() and not running.cancelled():
            running.result()
    finally:
        await connection.close(timeout=2)


async def _manage(queue: PgQueuer, at_a_time: int, mode: QueueExecutionMode) -> None:
    """The queue and the schedules; the end of one is the end of the other."""
    dequeue = queue.qm.run(
        dequeue_timeout=POLL,
        batch_size=max(1, at_a_time // 2),
        max_concurrent_tasks=max(2, at_a_time),
        heartbeat_timeout=HEARTBEAT_TIMEOUT,
        shutdown_on_listener_failure=True,
        log_aggregation_interval=timedelta(0),  # into a table that nobody reads
        mode=mode,
    )
    if mode is QueueExecutionMode.drain:
        await dequeue
        return
    parts = [asyncio.create_task(dequeue), asyncio.create_task(queue.sm.run())]
    try:
        await asyncio.gather(*parts)
    finally:
        queue.shutdown.set()
        for part in parts:
            part.cancel()
        await asyncio.gather(*parts, return_exceptions=True)


async def _end(running: asyncio.Task[None], at_work: set[asyncio.Task[Any]], seconds: float) -> None:
    """Waits for running jobs; those that take longer are cancelled, which puts them back into the queue."""
    await asyncio.wait({running}, timeout=seconds)
    deadline = time.monotonic() + HAND_BACK_SECONDS
    while not running.done() and time.monotonic() < deadline:
        # pgqueuer waits for its jobs even when it is cancelled itself, so the jobs are what has to be cancelled.
        for task in at_work:
            task.cancel()
        await asyncio.wait({running}, timeout=0.1)
    running.cancel()
    await asyncio.wait({running}, timeout=1)


def _queue(
    jobs: Jobs, resources: Resources, connection: asyncpg.Connection, at_work: set[asyncio.Task[Any]]
) -> PgQueuer:
    driver = AsyncpgDriver(connection)
    queue = PgQueuer(driver, queries=CountingFailures(driver))
    for task in jobs.tasks.values():
        register_task(queue, task, resources, at_work)
    for schedule in (PURGE_LOG, *jobs.schedules.values()):
        register_schedule(queue, schedule, resources)
    return queue
