"""What the ai service's worker does."""

from __future__ import annotations

from ai_service.consumers import consumer_of
from ai_service.jobs import jobs_with
from ai_service.resources import open_run_executor
from ai_service.tables import Outbox
from shared.runtime import Runtime
from shared.service import WorkerParts


def worker_parts(runtime: Runtime) -> WorkerParts:
    """What the worker does: publish events, listen to platform's, train employees, do runs."""
    executor = open_run_executor(runtime)
    return WorkerParts(
        outbox=Outbox,
        consumers=(consumer_of(runtime),),
        jobs=jobs_with(executor, at_a_time=runtime.settings.runs_at_a_time),
        close=executor.close,
    )
