"""The part of a worker process that runs jobs."""

import asyncio
import dataclasses
import logging
from datetime import timedelta
from typing import TYPE_CHECKING

import asyncpg
import orjson
from pgqueuer import AsyncpgDriver, PgQueuer, RetryRequested
from pgqueuer.core.executors import EntrypointExecutor, EntrypointExecutorParameters
from pgqueuer.domain.types import QueueExecutionMode
from pgqueuer.models import Context, Job
from pgqueuer.models import Schedule as ScheduleRow

from shared.db.engine import SERVER_SETTINGS
from shared.jobs.task import Jobs, Schedule, Task
from shared.observability import context as observed

if TYPE_CHECKING:
    from shared.runtime import Runtime

logger = logging.getLogger(__name__)

HEARTBEAT_TIMEOUT = timedelta(seconds=6)
"""A job of a worker that has been silent for so long is given to another one."""
POLL = timedelta(seconds=2)
"""New jobs are announced; polling finds those of dead workers."""
AT_A_TIME = 20
DRAIN_SECONDS = 10.0
RECONNECT_SECONDS = 1.0


async def run_jobs(
    jobs: Jobs, runtime: "Runtime", *, stop: asyncio.Event | None = None, drain_seconds: float = DRAIN_SECONDS
) -> None:
    """Runs jobs until `stop` is set or this is cancelled; comes back by itself after the database was away.

    Then running jobs have `drain_seconds` to end; what has not ended is handed back to the queue.
    """
    stop = stop or asyncio.Event()
    while not stop.is_set():
        try:
            await _run(jobs, runtime, stop, drain_seconds)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            logger.warning("jobs: the database is away, trying again: %r", error)
            await _wait(stop, RECONNECT_SECONDS)


async def drain(jobs: Jobs, runtime: "Runtime") -> None:
    """Runs what is in the queue, also what waits for its time, and returns when it is empty. For tests and tools."""
    await _run(jobs, runtime, asyncio.Event(), DRAIN_SECONDS, mode=QueueExecutionMode.drain)


async def _run(
    jobs: Jobs,
    runtime: "Runtime",
    stop: asyncio.Event,
    drain_seconds: float,
    mode: QueueExecutionMode = QueueExecutionMode.continuous,
) -> None:
    connection = await asyncpg.connect(
        runtime.database.url, server_settings={**SERVER_SETTINGS, "application_name": "jobs"}
    )
    try:
        queue = _queue(jobs, runtime, connection)
        running = asyncio.create_task(_manage(queue, jobs, mode))
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            queue.shutdown.set()
            await _end(running, drain_seconds)
        running.result()
    finally:
        await connection.close(timeout=2)


async def _manage(queue: PgQueuer, jobs: Jobs, mode: QueueExecutionMode) -> None:
    """The queue and, where there are any, the schedules; the end of one is the end of the other."""
    dequeue = queue.qm.run(
        dequeue_timeout=POLL,
        batch_size=AT_A_TIME // 2,
        max_concurrent_tasks=AT_A_TIME,
        heartbeat_timeout=HEARTBEAT_TIMEOUT,
        shutdown_on_listener_failure=True,
        mode=mode,
    )
    if mode is QueueExecutionMode.drain or not jobs.schedules:
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


async def _end(running: asyncio.Task[None], seconds: float) -> None:
    """Waits for running jobs; cancels those that take longer, which puts them back into the queue."""
    await asyncio.wait({running}, timeout=seconds)
    if not running.done():
        running.cancel()
        await asyncio.wait({running})


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return


def _queue(jobs: Jobs, runtime: "Runtime", connection: asyncpg.Connection) -> PgQueuer:
    queue = PgQueuer(AsyncpgDriver(connection))
    for task in jobs.tasks.values():
        _register(queue, task, runtime)
    for schedule in jobs.schedules.values():
        _register_schedule(queue, schedule, runtime)
    return queue


def _register(queue: PgQueuer, task: Task, runtime: "Runtime") -> None:
    async def run(job: Job) -> None:
        await task.handler(runtime, orjson.loads(job.payload or b"{}"))

    def executor(parameters: EntrypointExecutorParameters) -> "RetryingExecutor":
        return RetryingExecutor(parameters, task)

    queue.entrypoint(
        task.name, concurrency_limit=task.concurrency, on_failure="hold", executor_factory=executor
    )(run)


def _register_schedule(queue: PgQueuer, schedule: Schedule, runtime: "Runtime") -> None:
    async def run(_row: ScheduleRow) -> None:
        token = observed.current.set(observed.start())
        try:
            await schedule.handler(runtime)
        finally:
            observed.current.reset(token)

    queue.schedule(schedule.name, schedule.cron)(run)


@dataclasses.dataclass
class RetryingExecutor(EntrypointExecutor):
    """Runs one job: continues the trace of who enqueued it, limits its time, and says when to try again."""

    task: Task

    async def execute(self, job: Job, context: Context) -> None:
        traceparent = (job.headers or {}).get("traceparent")
        parent = traceparent if isinstance(traceparent, str) else None
        token = observed.current.set(observed.start(traceparent=parent))
        try:
            async with asyncio.timeout(self.task.timeout.total_seconds()):
                await super().execute(job, context)
        except asyncio.CancelledError as stopped:
            # pgqueuer would take it for a cancelled job, and delete it.
            raise RetryRequested(reason="the worker was stopped") from stopped
        except Exception as error:
            if job.attempts >= self.task.retries:
                logger.exception("job %s %s is held after %s tries", job.entrypoint, job.id, job.attempts + 1)
                raise
            delay = self.task.delay(job.attempts)
            logger.warning("job %s %s failed, again in %s: %r", job.entrypoint, job.id, delay, error)
            raise RetryRequested(delay=delay, reason=repr(error)) from error
        finally:
            observed.current.reset(token)
