"""A database with the tables of events, and parts of a worker that run during a test."""

from __future__ import annotations

import asyncio
import importlib.util
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff

from shared.db.database import Database
from shared.events.delivery import Delivery
from shared.events.relay import Relay

HERE = Path(__file__).parent
Running = Callable[..., AbstractAsyncContextManager[None]]


def _load_things() -> ModuleType:
    # By its path, as tests are no packages.
    spec = importlib.util.spec_from_file_location("things", HERE / "things.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["things"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def things() -> ModuleType:
    return sys.modules.get("things") or _load_things()


@pytest.fixture
def migrations() -> Path:
    return HERE.parent / "event_migrations"


@pytest.fixture
def database_name() -> str:
    return "events"


@pytest.fixture
async def redis(redis_client: Redis, redis_url: str) -> AsyncIterator[Redis]:
    """As a service has it; the server is empty."""
    async with Redis.from_url(redis_url, retry=Retry(ExponentialBackoff(), 3)) as client:
        yield client


@asynccontextmanager
async def running(part: Callable[[asyncio.Event], Awaitable[None]]) -> AsyncIterator[None]:
    """A part of a worker runs while inside."""
    stop = asyncio.Event()
    task = asyncio.ensure_future(part(stop))
    try:
        yield
    finally:
        stop.set()
        await task


@pytest.fixture
def relaying(committed_db: Database, redis: Redis) -> Running:
    """`async with relaying()`: the service `teller` publishes, for `readers` if they are given."""

    def start(readers: Sequence[str] = (), **options: Any) -> AbstractAsyncContextManager[None]:
        return running(Relay("teller", committed_db.url, redis, readers=readers, **options).run)

    return start


@pytest.fixture
def delivering(committed_db: Database, redis: Redis) -> Running:
    """`async with delivering(consumer)`: it gets events; what fails is tried again at once."""

    def start(consumer: Any) -> AbstractAsyncContextManager[None]:
        return running(Delivery(consumer, committed_db, redis, first_delay=0.005).run)

    return start


@pytest.fixture
async def both(relaying: Running, delivering: Running) -> AsyncIterator[Callable[..., Awaitable[None]]]:
    """`await both(consumer)`: relay and consumer run until the test ends."""
    async with AsyncExitStack() as stack:

        async def start(consumer: Any) -> None:
            await stack.enter_async_context(relaying())
            await stack.enter_async_context(delivering(consumer))

        yield start


@pytest.fixture
def victim(committed_db: Database, redis_url: str) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """A consumer in a process of its own, see victim.py."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*, always: bool = False) -> subprocess.Popen[bytes]:
        command = [sys.executable, str(HERE / "victim.py"), committed_db.url, redis_url, str(int(always))]
        started.append(subprocess.Popen(command))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()
