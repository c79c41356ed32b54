"""What a service's jobs are: tasks that are enqueued, and schedules."""

from __future__ import annotations

import random
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Protocol

from shared.db.database import Database

Handler = Callable[[Any, dict[str, Any]], Awaitable[None]]
"""Gets what the process holds open, as `run_jobs` was given it, and the payload."""
Periodic = Callable[[Any], Awaitable[None]]
"""Gets what the process holds open."""


AT_A_TIME: Final = 20
"""Jobs of a worker process, where its service says nothing else."""
SCHEDULE_TIMEOUT: Final = timedelta(minutes=10)


class Resources(Protocol):
    """What jobs themselves use of what their handlers get."""

    @property
    def database(self) -> Database:
        """The database that holds the queue."""
        ...


class Postponed(Exception):
    """Raised by a handler that must wait: the job is run again after `delay`, and no attempt is used up."""

    def __init__(self, delay: timedelta, reason: str) -> None:
        self.delay = delay
        super().__init__(reason)


class GivenUp(Exception):
    """Raised by a handler for which a retry is pointless: the job is held at once."""


@dataclass(frozen=True, slots=True)
class Task:
    """One kind of job. It may run twice (after a crash), so its work must be repeatable."""

    name: str
    handler: Handler
    retries: int
    """How often it is tried again after a failure; then it is held for somebody to look at."""
    first_delay: timedelta
    max_delay: timedelta
    timeout: timedelta
    concurrency: int
    """At most that many at a time over all workers; 0: no limit."""

    def delay(self, attempts: int) -> timedelta:
        """How long to wait after `attempts` failures: twice as long each time, minus a random part of up to half.

        The random part keeps jobs that failed together from running again together.
        """
        doublings: int = 2 ** min(attempts, 20)
        return min(self.first_delay * doublings, self.max_delay) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret


@dataclass(frozen=True, slots=True)
class Schedule:
    """Something done by the clock, by one of the workers each time."""

    name: str
    cron: str
    handler: Periodic
    timeout: timedelta = SCHEDULE_TIMEOUT
    """After that it is cancelled: while it runs, no worker begins it again."""


@dataclass
class Jobs:
    """The jobs of one service. `@jobs.task("payments.settle")` and `@jobs.every("*/5 * * * *")` add to them."""

    at_a_time: int = AT_A_TIME
    """How many a worker process runs at a time, of all kinds together."""
    tasks: dict[str, Task] = field(default_factory=dict)
    schedules: dict[str, Schedule] = field(default_factory=dict)

    def task(
        self,
        name: str,
        *,
        retries: int = 8,
        first_delay: timedelta = timedelta(seconds=1),
        max_delay: timedelta = timedelta(minutes=5),
        timeout: timedelta = timedelta(seconds=60),
        concurrency: int = 0,
    ) -> Callable[[Handler], Handler]:
        """Registers `async def handler(resources, payload)`. Raises ValueError for a name that is taken."""

        def register(handler: Handler) -> Handler:
            if name in self.tasks:
                raise ValueError(f"there are two tasks named {name}")
            self.tasks[name] = Task(name, handler, retries, first_delay, max_delay, timeout, concurrency)
            return handler

        return register

    def every(
        self, cron: str, *, name: str | None = None, timeout: timedelta = SCHEDULE_TIMEOUT
    ) -> Callable[[Periodic], Periodic]:
        """Registers `async def handler(resources)` for the minutes that `cron` names, in UTC.

        Raises ValueError for a name that is taken and for what does not look like five fields of cron.
        """
        if not re.fullmatch(r"\S+( \S+){4}", cron):
            raise ValueError(f"not a cron expression of five fields: {cron!r}")

        def register(handler: Periodic) -> Periodic:
            chosen = name or handler.__name__
            if chosen in self.schedules:
                raise ValueError(f"there are two schedules named {chosen}")
            self.schedules[chosen] = Schedule(chosen, cron, handler, timeout)
            return handler

        return register
