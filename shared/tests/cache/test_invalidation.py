"""A write is seen by the next read, whatever it races with."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest
from redis.asyncio import Redis

from shared.cache import Cache
from testing import eventually

TIMES: dict[str, Any] = {"memory_ttl": 60, "redis_ttl": 600, "at_first_sight": True}


async def test_after_an_invalidation_the_next_read_loads(cache: Cache, source: Any) -> None:
    await cache.get_or_load("k", source.load, tags=["a", "b"], **TIMES)
    source.value = "new"
    await cache.invalidate("b")
    assert cache.peek("k") is None
    assert await cache.get_or_load("k", source.load, tags=["a", "b"], **TIMES) == b"new"


async def test_another_tag_leaves_it_alone(cache: Cache, source: Any) -> None:
    await cache.get_or_load("k", source.load, tags=["a"], **TIMES)
    await cache.invalidate("b")
    assert cache.peek("k") is not None


async def test_other_processes_drop_their_copies(
    cache: Cache, open_cache: Callable[..., Any], source: Any
) -> None:
    other = await open_cache()
    await other.get_or_load("k", source.load, tags=["a"], **TIMES)
    source.value = "new"
    await cache.invalidate("a")

    async def dropped() -> bool:
        return other.peek("k") is None

    await eventually(dropped, within=1, every=0.001)
    assert await other.get_or_load("k", source.load, tags=["a"], **TIMES) == b"new"


@pytest.mark.parametrize("writer_is_another_process", [False, True])
async def test_a_load_that_began_before_a_write_is_not_kept(
    cache: Cache, open_cache: Callable[..., Any], source: Any, writer_is_another_process: bool
) -> None:
    """The loader read the old row, then the write committed and invalidated, then the loader returned."""
    writer = await open_cache() if writer_is_another_process else cache
    has_read, written = asyncio.Event(), asyncio.Event()

    async def slow() -> bytes:
        read: bytes = await source.load()
        has_read.set()
        await written.wait()
        return read

    reading = asyncio.create_task(cache.get_or_load("k", slow, tags=["a"], **TIMES))
    await has_read.wait()
    source.value = "new"
    await writer.invalidate("a")
    written.set()
    await reading  # it asked before the write, so it may have either
    assert cache.peek("k") is None
    third = await open_cache()
    for reader in (cache, writer, third):
        assert await reader.get_or_load("k", source.load, tags=["a"], **TIMES) == b"new"


async def test_a_load_whose_tag_changed_meanwhile_is_not_kept_even_before_the_message_arrives(
    cache: Cache, source: Any, redis_client: Redis
) -> None:
    async def slow() -> bytes:
        read: bytes = await source.load()
        await redis_client.set("{cache:test}:tag:a", "changed, and nobody has told this process yet")
        return read

    await cache.get_or_load("k", slow, tags=["a"], **TIMES)
    assert cache.peek("k") is None
    assert not await redis_client.exists("{cache:test}:entry:k")


async def test_who_asks_after_a_write_does_not_join_a_load_from_before(cache: Cache, source: Any) -> None:
    has_read, written = asyncio.Event(), asyncio.Event()

    async def slow() -> bytes:
        read: bytes = await source.load()
        has_read.set()
        await written.wait()
        return read

    before = asyncio.create_task(cache.get_or_load("k", slow, tags=["a"], **TIMES))
    await has_read.wait()
    source.value = "new"
    await cache.invalidate("a")

    after = asyncio.create_task(cache.get_or_load("k", source.load, tags=["a"], **TIMES))
    written.set()
    assert await after == b"new"
    assert await before == b"old"


async def test_a_copy_in_redis_with_old_versions_is_never_served(
    cache: Cache, open_cache: Callable[..., Any], source: Any, redis_client: Redis
) -> None:
    """As when a slow process stores after the invalidation what it had loaded before it."""
    await cache.get_or_load("k", source.load, tags=["a"], **TIMES)
    old = await redis_client.get("{cache:test}:entry:k")
    assert old is not None
    source.value = "new"
    await cache.invalidate("a")
    await redis_client.set("{cache:test}:entry:k", old)
    other = await open_cache()
    assert await other.get_or_load("k", source.load, tags=["a"], **TIMES) == b"new"


@pytest.mark.parametrize("forgotten", ["a", "*"])
async def test_a_version_that_redis_forgot_counts_as_changed(
    cache: Cache, open_cache: Callable[..., Any], source: Any, redis_client: Redis, forgotten: str
) -> None:
    await cache.invalidate("a")
    await cache.get_or_load("k", source.load, tags=["a"], **TIMES)
    assert await redis_client.delete(f"{{cache:test}}:tag:{forgotten}")
    source.value = "new"
    other = await open_cache()
    assert await other.get_or_load("k", source.load, tags=["a"], **TIMES) == b"new"


async def test_no_read_after_a_write_is_older_than_the_write(open_cache: Callable[..., Any]) -> None:
    """Three processes, readers and writers at random: in the writer's process a read sees at least its write."""
    caches = [await open_cache() for _ in range(3)]
    chance = random.Random(7)  # noqa: S311 - no secret
    committed = 0

    async def load() -> bytes:
        seen = committed
        await asyncio.sleep(chance.random() * 0.004)
        return str(seen).encode()

    async def read(cache: Cache) -> int:
        return int(await cache.get_or_load("k", load, tags=["a"], **TIMES))

    async def use(cache: Cache) -> None:
        nonlocal committed
        for _ in range(150):
            if chance.random() < 0.3:
                await asyncio.sleep(chance.random() * 0.002)
                committed += 1
                mine = committed
                await cache.invalidate("a")
                assert await read(cache) >= mine
            else:
                await read(cache)

    await asyncio.gather(*(use(cache) for cache in caches * 3))

    async def all_agree() -> bool:
        return [await read(cache) for cache in caches] == [committed] * 3

    await eventually(all_agree, within=1)
