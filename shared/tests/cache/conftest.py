"""Caches of one namespace, as several processes of a service would have them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from shared.cache import Cache
from testing.local_servers.process import ServerProcess, free_port
from testing.local_servers.valkey import ValkeyServer

TIMES: dict[str, Any] = {"memory_ttl": 60, "redis_ttl": 600, "at_first_sight": True}
CacheFactory = Callable[..., Any]


@pytest.fixture
async def open_cache(redis_client: Redis) -> AsyncIterator[CacheFactory]:
    """`await open_cache()`: a started cache, on the run's server unless another client is given."""
    async with AsyncExitStack() as stack:

        async def make(redis: Redis = redis_client, **options: Any) -> Cache:
            cache = Cache(redis, **{"namespace": "test", "redis_bytes": 64_000_000, **options})
            await cache.start()
            stack.push_async_callback(cache.close)
            return cache

        yield make


@pytest.fixture
async def cache(open_cache: CacheFactory) -> Cache:
    opened: Cache = await open_cache()
    assert opened.uses_redis
    return opened


class Source:
    """What is cached: its `value`, and how often it was loaded."""

    def __init__(self, value: str = "old") -> None:
        self.value = value
        self.loads = 0

    async def load(self) -> bytes:
        self.loads += 1
        return self.value.encode()


@pytest.fixture
def source() -> Source:
    return Source()


class MortalValkey:
    """A server that can be killed and started again, with or without what it held."""

    def __init__(self, directory: Path) -> None:
        self.server = ValkeyServer(directory / "valkey", free_port(), durable=True)
        self._log = directory / "valkey.log"
        self.server.initialise()
        self.process: ServerProcess | None = None

    def start(self) -> None:
        self.process = self.server.start(log=self._log)

    def stop(self, signal: int = 9) -> None:
        if self.process is not None:
            self.process.stop(signal)
            self.process = None


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[MortalValkey]:
    server = MortalValkey(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def mortal_redis(valkey: MortalValkey) -> AsyncIterator[Redis]:
    async with Redis.from_url(valkey.server.url(), retry=Retry(NoBackoff(), 3)) as client:
        yield client
