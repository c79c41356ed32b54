"""How one job and one schedule are run, and which returns of a job into the queue count as tries."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import random
from datetime import timedelta
from typing import Any

import orjson
from pgqueuer import PgQueuer, RetryRequested
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.executors import EntrypointExecutor, EntrypointExecutorParameters
from pgqueuer.models import Context, Job, TracebackRecord
from pgqueuer.models import Schedule as ScheduleRow

from shared.db.transactions import with_retry
from shared.jobs.metrics import declare, observed_job
from shared.jobs.task import GivenUp, Postponed, Resources, Schedule, Task
from shared.observability import tracing
from shared.outages import is_outage, is_temporary
from shared.spans import Attributes

logger = logging.getLogger(__name__)


class NotFailed(RetryRequested):
    """Asks pgqueuer to bring a job back that has only waited, or was stopped."""


class CountingFailures(Queries):
    """pgqueuer's queries, of which one counts every return: a job that had to wait often would have no tries left."""

    async def retry_job(self, job: Job, delay: timedelta, traceback_record: TracebackRecord | None) -> None:
        """Put the job back into the queue; one more try is used up unless NotFailed asked for it."""
        try:
            await self._retry_job(job, delay, traceback_record)
        except Exception as error:
            if not is_temporary(error):
                raise
            # pgqueuer would hold the job. Left as it is, it is taken up again when its worker's sign of life is old.
            logger.warning("job %s %s cannot be requeued now: %r", job.entrypoint, job.id, error)

    async def _retry_job(self, job: Job, delay: timedelta, traceback_record: TracebackRecord | None) -> None:
        if traceback_record is None or traceback_record.exception_type != NotFailed.__name__:
            await super().retry_job(job, delay, traceback_record)
            return
        statement = self.qbq.build_retry_job_query().replace("attempts = attempts + 1,", "")
        await self.driver.execute(statement, job.id, delay, traceback_record.model_dump_json())


logger = logging.getLogger(__name__)


_SAID = "_said_by_executor"
OUTAGE_SECONDS = 2.0
"""After which a job comes back that met an outage: less up to half of it by chance, as many met the same one."""


def _is_news(record: logging.LogRecord) -> bool:
    """False for what RetryingExecutor has already logged about a job: pgqueuer logs it again, as an error and with its
    own frames."""
    return not (record.exc_info and getattr(record.exc_info[1], _SAID, False))


logging.getLogger("pgqueuer").addFilter(_is_news)


def register_task(queue: PgQueuer, task: Task, resources: Resources, at_work: set[asyncio.Task[Any]]) -> None:
    """Lets `queue` run the task's jobs; while one runs, its asyncio task is in `at_work`."""

    declare(task.name)

    async def run(job: Job) -> None:
        await task.handler(resources, orjson.loads(job.payload or b"{}"))

    def executor(parameters: EntrypointExecutorParameters) -> RetryingExecutor:
        return RetryingExecutor(parameters, task, at_work)

    queue.entrypoint(
        task.name, concurrency_limit=task.concurrency, on_failure="hold", executor_factory=executor
    )(run)


def register_schedule(queue: PgQueuer, schedule: Schedule, resources: Resources) -> None:
    """Lets `queue` run what the clock starts; one worker of all does it each time."""

    declare(schedule.name)

    async def run(_row: ScheduleRow) -> None:
        with tracing.continued(None, f"schedule {schedule.name}", {}), observed_job(schedule.name):
            async with asyncio.timeout(schedule.timeout.total_seconds()):
                await with_retry(lambda: schedule.handler(resources))

    queue.schedule(schedule.name, schedule.cron)(run)


@dataclasses.dataclass
class RetryingExecutor(EntrypointExecutor):
    """Runs one job: continues the trace of the code that enqueued it, limits its time, and decides when to try
    again."""

    task: Task
    at_work: set[asyncio.Task[Any]]
    """The running job, for the code that stops the worker."""

    async def execute(self, job: Job, context: Context) -> None:
        current = asyncio.current_task()
        assert current is not None  # noqa: S101 - we are in one
        self.at_work.add(current)
        try:
            await self._run(job, context)
        finally:
            self.at_work.discard(current)

    async def _run(self, job: Job, context: Context) -> None:
        traceparent = (job.headers or {}).get("traceparent")
        parent = traceparent if isinstance(traceparent, str) else None
        told: Attributes = {
            "messaging.system": "pgqueuer",
            "messaging.message.id": job.id,
            "job.attempt": job.attempts + 1,
        }
        with tracing.continued(parent, f"run {job.entrypoint}", told, unless=(NotFailed,)):
            await self._try(job, context)

    async def _try(self, job: Job, context: Context) -> None:
        try:
            with observed_job(self.task.name):
                async with asyncio.timeout(self.task.timeout.total_seconds()):
                    await with_retry(lambda: super(RetryingExecutor, self).execute(job, context))
        except asyncio.CancelledError as stopped:
            # pgqueuer would take it for a cancelled job, and delete it.
            raise NotFailed(reason="the worker was stopped") from stopped
        except Postponed as wait:
            # pgqueuer formats each frame of it, and of its cause; in what only waits there is nothing to find.
            raise NotFailed(delay=wait.delay, reason=str(wait)) from None
        except GivenUp as reason:
            logger.warning("job %s %s is held: %s", job.entrypoint, job.id, reason)
            setattr(reason, _SAID, True)
            raise
        except Exception as error:
            if is_outage(error):
                logger.warning("job %s %s waits for PostgreSQL or Redis: %r", job.entrypoint, job.id, error)
                raise NotFailed(delay=_after_outage(), reason=repr(error)) from None
            if job.attempts >= self.task.retries:
                logger.exception(
                    "job %s %s is held after %s attempts", job.entrypoint, job.id, job.attempts + 1
                )
                setattr(error, _SAID, True)
                raise
            delay = self.task.delay(job.attempts)
            logger.warning("job %s %s failed; retry in %s: %r", job.entrypoint, job.id, delay, error)
            raise RetryRequested(delay=delay, reason=repr(error)) from error


def _after_outage() -> timedelta:
    return timedelta(seconds=OUTAGE_SECONDS * random.uniform(0.5, 1.0))  # noqa: S311 - no secret
