"""Redis goes away and comes back: nothing fails, nothing waits, nothing is stale."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from time import perf_counter, sleep
from typing import Any

import pytest
from redis.asyncio import Redis

from shared.cache import Cache
from testing import always, eventually

BUSY_SECONDS = 3.0
TIMES: dict[str, Any] = {"memory_ttl": 60, "redis_ttl": 600, "at_first_sight": True, "tags": ["a"]}


@pytest.fixture
async def mortal(open_cache: Callable[..., Any], mortal_redis: Redis) -> Cache:
    opened: Cache = await open_cache(mortal_redis)
    assert opened.uses_redis
    return opened


async def until_used(*caches: Cache, used: bool = True) -> None:
    async def agreed() -> bool:
        return all(cache.uses_redis is used for cache in caches)

    await eventually(agreed, within=8)


async def test_a_killed_redis_costs_no_read_an_error_or_time(mortal: Cache, source: Any, valkey: Any) -> None:
    stop = asyncio.Event()
    slowest, reads = 0.0, 0

    async def read_on(key: str) -> None:
        nonlocal slowest, reads
        while not stop.is_set():
            started = perf_counter()
            await mortal.get_or_load(key, source.load, memory_ttl=0, redis_ttl=600, tags=["a"])
            slowest = max(slowest, perf_counter() - started)
            reads += 1

    async def read() -> int:
        return reads

    reading = [asyncio.create_task(read_on(f"k{number}")) for number in range(8)]
    await eventually(read, until=lambda count: count >= 100)
    os.kill(valkey.process.pid, signal.SIGKILL)
    await until_used(mortal, used=False)
    before = reads
    await eventually(read, until=lambda count: count >= before + 100)
    stop.set()
    await asyncio.gather(*reading)
    assert slowest < 0.2


async def test_a_redis_that_hangs_delays_a_read_once(mortal: Cache, source: Any, valkey: Any) -> None:
    os.kill(valkey.process.pid, signal.SIGSTOP)
    try:
        for _ in range(3):
            assert (
                await mortal.get_or_load("k", source.load, memory_ttl=0, redis_ttl=600, tags=["a"]) == b"old"
            )
        await until_used(mortal, used=False)
        started = perf_counter()
        assert await mortal.get_or_load("l", source.load, **TIMES) == b"old"
        assert perf_counter() - started < 0.1
    finally:
        os.kill(valkey.process.pid, signal.SIGCONT)
    await until_used(mortal)


async def test_what_was_written_during_an_outage_is_not_served_from_before_it(
    mortal: Cache, open_cache: Callable[..., Any], mortal_redis: Redis, source: Any, valkey: Any
) -> None:
    """The server comes back with all that it held, as one with an append-only file does."""
    other = await open_cache(mortal_redis)
    for cache in (mortal, other):
        await cache.get_or_load("k", source.load, **TIMES)
    valkey.stop(15)
    await until_used(mortal, other, used=False)
    source.value = "new"
    started = perf_counter()
    await mortal.invalidate("a")
    assert perf_counter() - started < 0.1
    assert await mortal.get_or_load("k", source.load, **TIMES) == b"new"
    valkey.start()
    assert await mortal_redis.get("{cache:test}:entry:k") is not None, (
        "the old copy came back with the server"
    )
    await until_used(mortal, other)
    for cache in (mortal, other):
        assert await cache.get_or_load("k", source.load, **TIMES) == b"new"
    assert mortal.stats()["redis"] + other.stats()["redis"] > 0, "the second tier is in use again"


async def test_an_invalidation_that_could_not_be_told_is_told_later(
    mortal: Cache, open_cache: Callable[..., Any], mortal_redis: Redis, source: Any, valkey: Any
) -> None:
    """The same server, which only could not be reached for a while."""
    await mortal.get_or_load("k", source.load, **TIMES)
    os.kill(valkey.process.pid, signal.SIGSTOP)
    try:
        source.value = "new"
        await mortal.invalidate("a")
        assert not mortal.uses_redis
        await mortal.invalidate("b")
    finally:
        os.kill(valkey.process.pid, signal.SIGCONT)
    await until_used(mortal)
    other = await open_cache(mortal_redis)
    assert await other.get_or_load("k", source.load, **TIMES) == b"new"


async def test_an_invalidation_that_a_crash_of_redis_lost_is_made_up_for(
    mortal: Cache, source: Any, valkey: Any, mortal_redis: Redis
) -> None:
    """The file ends before the invalidation: the last second of an append-only file can be lost."""
    await mortal.get_or_load("k", source.load, **TIMES)
    names = mortal_redis.scan_iter(_type="string")
    saved: dict[Any, Any] = {key: await mortal_redis.get(key) async for key in names}
    source.value = "new"
    await mortal.invalidate("a")
    valkey.stop()
    await until_used(mortal, used=False)
    valkey.start()
    await mortal_redis.delete("{cache:test}:tag:a")
    await mortal_redis.mset(saved)
    await until_used(mortal)
    assert await mortal.get_or_load("k", source.load, **TIMES) == b"new"


async def test_a_process_that_starts_without_redis_uses_it_once_it_is_there(
    open_cache: Callable[..., Any], mortal_redis: Redis, source: Any, valkey: Any
) -> None:
    valkey.stop()
    cache = await open_cache(mortal_redis)
    assert await cache.get_or_load("k", source.load, **TIMES) == b"old"
    valkey.start()
    await until_used(cache)


async def test_without_redis_memory_keeps_nothing_for_long(
    open_cache: Callable[..., Any], mortal_redis: Redis, source: Any, valkey: Any
) -> None:
    """Another process may write, and nobody could tell us."""
    valkey.stop()
    cache = await open_cache(mortal_redis)
    await cache.get_or_load("k", source.load, **TIMES)
    assert cache.peek("k")

    async def forgotten() -> bool:
        return cache.peek("k") is None

    await eventually(forgotten, within=2)


async def test_a_lost_subscription_empties_memory(cache: Cache, source: Any, redis_client: Redis) -> None:
    await cache.get_or_load("k", source.load, **TIMES)
    await redis_client.client_kill_filter(_type="pubsub")

    async def emptied() -> bool:
        return cache.peek("k") is None

    await eventually(emptied, within=1, every=0.001)
    await until_used(cache)


async def test_a_flushed_redis_is_filled_again(cache: Cache, source: Any, redis_client: Redis) -> None:
    await cache.get_or_load("k", source.load, **TIMES)
    await redis_client.flushall()
    await cache.invalidate("a")
    source.value = "new"
    assert await cache.get_or_load("k", source.load, **TIMES) == b"new"
    assert await redis_client.exists("{cache:test}:entry:k")


async def test_a_process_that_was_busy_for_long_has_not_lost_redis(
    cache: Cache, caplog: pytest.LogCaptureFixture
) -> None:
    """As at a slow start, when imports keep the event loop from reading for seconds."""

    async def up() -> bool:
        return cache.uses_redis

    await always(up, during=0.2)
    for _ in range(2):
        sleep(BUSY_SECONDS)  # noqa: ASYNC251 - nothing else may run meanwhile
        await always(up, during=0.2)
    assert "continues without Redis" not in caplog.text


async def test_the_quiet_subscription_stays_up(cache: Cache) -> None:
    """Pings are answered: longer than the silence after which it would be given up."""

    async def up() -> bool:
        return cache.uses_redis

    await always(up, during=3)
