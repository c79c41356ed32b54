"""Jobs in the service's own database: enqueued in the caller's transaction, run by its worker (pgqueuer)."""

from __future__ import annotations

from shared.jobs.enqueue import enqueue, enqueue_many
from shared.jobs.held_jobs import HeldJob, list_held_jobs, purge_log, requeue
from shared.jobs.task import GivenUp, Jobs, Postponed, Schedule, Task

__all__ = [
    "GivenUp",
    "HeldJob",
    "Jobs",
    "Postponed",
    "Schedule",
    "Task",
    "enqueue",
    "enqueue_many",
    "list_held_jobs",
    "purge_log",
    "requeue",
]
