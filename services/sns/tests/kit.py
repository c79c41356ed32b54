"""What sns' fixtures hand to tests."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from shared.db.database import Database
from shared.jobs import Jobs
from shared.jobs.worker import run_jobs
from shared.runtime import Runtime
from shared.service import ServiceDefinition
from testing.service_fixtures import RuntimeFactory

Published = Callable[[], Awaitable[list[str]]]
QUICK = {"first_delay": timedelta(milliseconds=20), "max_delay": timedelta(milliseconds=100)}


class Workplace:
    """Runs workers on a test's database; their backoff is short."""

    def __init__(
        self, runtime_for: RuntimeFactory, definition: ServiceDefinition, database: Database
    ) -> None:
        self._runtime_for = runtime_for
        self._definition = definition
        self._database = database

    @asynccontextmanager
    async def __call__(self, **settings: Any) -> AsyncIterator[Runtime]:
        async with self._runtime_for(self._definition, self._database, **settings) as runtime:
            parts = self._definition.worker(runtime)
            assert parts.jobs is not None
            assert parts.close is not None
            stop = asyncio.Event()
            worker = asyncio.create_task(run_jobs(quick(parts.jobs), runtime, stop=stop, drain_seconds=1))
            try:
                yield runtime
            finally:
                stop.set()
                await worker
                await parts.close()


def quick(jobs: Jobs) -> Jobs:
    """The same jobs with a short backoff."""
    for task in jobs.tasks.values():
        for name, value in QUICK.items():
            object.__setattr__(task, name, value)  # in place: the publisher holds on to `delay`
        assert dataclasses.is_dataclass(task)
    return jobs
