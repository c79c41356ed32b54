"""What the platform service's worker does."""

from __future__ import annotations

from functools import partial
from typing import Final

from platform_service.auth.ended_sessions import keep_ended
from platform_service.jobs import build_jobs
from platform_service.resources import make_resources
from platform_service.tables import Outbox
from shared.runtime import Runtime
from shared.service import WorkerParts

READERS: Final = ("ai", "coocook", "review", "sns")


def worker_parts(runtime: Runtime) -> WorkerParts:
    """The parts of platform's worker. It consumes no events. Its connections end with the process."""
    jobs = build_jobs(make_resources(runtime))
    return WorkerParts(outbox=Outbox, readers=READERS, jobs=jobs, extra=(partial(keep_ended, runtime),))
