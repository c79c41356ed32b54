from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from shared.db.database import Database
from shared.jobs import Jobs
from shared.jobs.worker import run_jobs


@pytest.fixture
def migrations() -> Path:
    return Path(__file__).parent.parent / "sample_migrations"


@pytest.fixture
def database_name() -> str:
    return "sample"


@pytest.fixture
def runtime(committed_db: Database) -> Any:
    """All that jobs look at of a Runtime."""
    return SimpleNamespace(database=committed_db)


@pytest.fixture
def working(runtime: Any) -> Callable[..., Any]:
    """`async with working(jobs):` a worker runs inside and is stopped at the end."""

    @asynccontextmanager
    async def run(jobs: Jobs, *, drain_seconds: float = 5) -> AsyncIterator[None]:
        stop = asyncio.Event()
        worker = asyncio.create_task(run_jobs(jobs, runtime, stop=stop, drain_seconds=drain_seconds))
        try:
            yield
        finally:
            stop.set()
            await worker

    return run
