"""What the ai service's worker does."""

from __future__ import annotations

from functools import partial

from ai_service.consumers import consumer_of
from ai_service.jobs import jobs_with
from ai_service.resources import close_tools, open_tools
from ai_service.tables import Outbox
from shared.runtime import Runtime
from shared.service import WorkerParts


def worker_parts(runtime: Runtime) -> WorkerParts:
    """What the worker does: publish events, listen to platform's, train employees, do runs."""
    tools = open_tools(runtime)
    return WorkerParts(
        outbox=Outbox,
        consumers=(consumer_of(runtime),),
        jobs=jobs_with(tools, at_a_time=runtime.settings.runs_at_a_time),
        close=partial(close_tools, tools),
    )
