"""What the ai service's worker does: its parts, and every job and schedule."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from ai_service.bootcamp.service import end_past, end_unpaid
from ai_service.consumers import consumer_of
from ai_service.employees.service import TRAINING_JOB, end_training
from ai_service.resources import open_run_executor
from ai_service.runs.execution import RunExecutor
from ai_service.runs.rules import EXECUTE_JOB
from ai_service.runs.service import forget_unsuccessful_runs
from ai_service.tables import IdempotencyRecord, Outbox
from shared.idempotency.record import forget_old_answers
from shared.jobs import Jobs
from shared.runtime import Runtime
from shared.schemas.dates import utcnow
from shared.service import WorkerParts

RUN_TIMEOUT: Final = timedelta(seconds=300)
"""Longer than a call to a model may take."""
RETRIES: Final = 20
"""Of the job itself, when the database is away; the provider's failures are counted by the run."""


def worker_parts(runtime: Runtime) -> WorkerParts:
    """What the worker does: publish events, listen to platform's, train employees, do runs."""
    executor = open_run_executor(runtime)
    return WorkerParts(
        outbox=Outbox,
        consumers=(consumer_of(runtime),),
        jobs=build_jobs(executor, at_a_time=runtime.settings.runs_at_a_time),
        close=executor.close,
    )


def build_jobs(executor: RunExecutor, *, at_a_time: int) -> Jobs:
    """Every job of the service, so many `at_a_time`."""
    jobs = Jobs(at_a_time=at_a_time)

    @jobs.task(EXECUTE_JOB, retries=RETRIES, timeout=RUN_TIMEOUT)
    async def run(_: Runtime, payload: dict[str, Any]) -> None:
        await executor.execute(payload["run_id"])

    @jobs.task(TRAINING_JOB)
    async def trained(runtime: Runtime, payload: dict[str, Any]) -> None:
        async with runtime.database.session() as session:
            await end_training(session, employee_id=payload["employee_id"], training=payload["training"])

    @jobs.every("23 * * * *", name="end_past_enrollments")
    async def end_enrollments(runtime: Runtime) -> None:
        async with runtime.database.session() as session:
            await end_past(session, cache=runtime.cache, now=utcnow())

    @jobs.every("37 3 * * *", name="forget_fruitless_runs")
    async def forget_runs(runtime: Runtime) -> None:
        await forget_unsuccessful_runs(runtime.database)

    @jobs.every("43 * * * *", name="end_unpaid_enrollments")
    async def end_unpaid_enrollments(runtime: Runtime) -> None:
        grace = timedelta(days=runtime.settings.seat_grace_days)
        async with runtime.database.session() as session:
            await end_unpaid(session, cache=runtime.cache, now=utcnow(), grace=grace)

    forget_old_answers(jobs, IdempotencyRecord)
    return jobs
