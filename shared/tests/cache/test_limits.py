"""However many keys clients make up: how much each tier holds, and that nobody else notices."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from time import perf_counter
from typing import Any

import pytest
from redis.asyncio import Redis

from shared.cache import Cache
from shared.cache.memory import MAX_ENTRY_BYTES
from testing import eventually

TIMES: dict[str, Any] = {"memory_ttl": 0, "redis_ttl": 600, "tags": ["a"]}
SHARE = 200_000
ENTRIES, INDEX, SIZES = "{cache:test}:entry:*", "{cache:test}:index", "{cache:test}:sizes"


def body(size: int) -> Callable[[], Awaitable[bytes]]:
    async def load() -> bytes:
        return b"x" * size

    return load


async def stored(redis: Redis) -> set[bytes]:
    return {bytes(key) async for key in redis.scan_iter(ENTRIES, count=1000)}


async def taken(redis: Redis) -> int:
    """Bytes that the entries and what is noted of them really take."""
    names: list[str | bytes] = [INDEX, SIZES, *await stored(redis)]
    return sum([int(await redis.memory_usage(name, samples=0) or 0) for name in names])


async def counted(redis: Redis) -> int:
    return int(float(await redis.hget(SIZES, "sum") or 0))


@pytest.fixture
async def full_redis(cache: Cache, redis_client: Redis) -> AsyncIterator[Redis]:
    """A server without memory for anything new, whose cache is in use."""
    await redis_client.config_set("maxmemory", 1)
    yield redis_client
    await redis_client.config_set("maxmemory", 0)


async def test_what_is_asked_for_once_is_not_stored(
    cache: Cache, open_cache: Callable[..., Any], redis_client: Redis
) -> None:
    other = await open_cache()
    for number in range(50):
        await cache.get_or_load(f"once {number}", body(9), **TIMES)
    await cache.get_or_load("twice", body(9), **TIMES)
    await other.get_or_load("twice", body(9), **TIMES)
    assert await stored(redis_client) == {b"{cache:test}:entry:twice"}
    await cache.get_or_load("twice", body(9), **TIMES)
    assert cache.stats()["redis"] == 1


async def test_asking_leaves_nothing_behind_but_a_mark(cache: Cache, redis_client: Redis) -> None:
    """Neither a lock nor versions of tags: ids are made up as easily as words."""
    for number in range(50):
        times = {**TIMES, "tags": [f"chef:{number}"]}
        await cache.get_or_load(f"k{number}", body(9), **times)
    kept = {key async for key in redis_client.scan_iter("{cache:test}:*")}
    assert kept == {b"{cache:test}:tag:*", b"{cache:test}:asked"}


async def test_the_record_of_what_was_asked_for_does_not_grow(cache: Cache, redis_client: Redis) -> None:
    for number in range(200):
        await cache.get_or_load(str(number), body(1), **TIMES)
    assert await redis_client.strlen("{cache:test}:asked") <= 2**20


@pytest.mark.parametrize("size", [0, 100, 3000, 33_000])
async def test_entries_take_no_more_than_their_share(
    open_cache: Callable[..., Any], redis_client: Redis, size: int
) -> None:
    cache = await open_cache(redis_bytes=SHARE)
    for number in range(2 * SHARE // (size + 1000)):
        await cache.get_or_load(f"{number}{'k' * 100}", body(size), at_first_sight=True, **TIMES)
    assert SHARE * 0.4 < await taken(redis_client) <= await counted(redis_client) <= SHARE
    assert f"{{cache:test}}:entry:{number}{'k' * 100}".encode() in await stored(redis_client)


async def test_the_count_is_right_after_expiries_and_many_at_once(
    open_cache: Callable[..., Any], redis_client: Redis
) -> None:
    caches = [await open_cache(redis_bytes=SHARE) for _ in range(3)]

    async def store(number: int) -> None:
        times = {**TIMES, "redis_ttl": 0.05 if number % 3 else 600, "at_first_sight": True}
        await caches[number % 3].get_or_load(f"k{number % 70}", body(number * 37 % 40_000), **times)

    for start in range(0, 600, 50):
        await asyncio.gather(*map(store, range(start, start + 50)))
        await caches[0].invalidate(*["a"] * (start % 100 == 0))

    async def expired_ones_are_forgotten() -> bool:
        await caches[0].get_or_load("last", body(9), **{**TIMES, "redis_ttl": 0.01}, at_first_sight=True)
        return set(await redis_client.zrange(INDEX, 0, -1)) - {b"{cache:test}:entry:last"} <= await stored(
            redis_client
        )

    await eventually(expired_ones_are_forgotten, within=5)
    sizes: dict[Any, Any] = await redis_client.hgetall(SIZES)
    assert int(float(sizes.pop(b"sum"))) == sum(map(int, sizes.values()))
    assert sizes.keys() == set(await redis_client.zrange(INDEX, 0, -1))
    assert await stored(redis_client) <= sizes.keys()


async def test_what_is_too_large_is_kept_in_no_tier(cache: Cache, redis_client: Redis) -> None:
    times = {**TIMES, "memory_ttl": 60, "at_first_sight": True}
    await cache.get_or_load("small", body(MAX_ENTRY_BYTES), **times)
    await cache.get_or_load("large", body(MAX_ENTRY_BYTES + 1), **times)
    assert (cache.peek("small") is None, cache.peek("large") is None) == (False, True)
    assert await stored(redis_client) == {b"{cache:test}:entry:small"}


async def test_memory_keeps_what_is_used_through_a_flood_of_what_is_not(
    open_cache: Callable[..., Any],
) -> None:
    cache = await open_cache(memory_entries=10)
    times = {**TIMES, "memory_ttl": 60}
    for key in "abcdefgh":
        await cache.get_or_load(key, body(1), at_first_sight=True, **times)
    for number in range(100):
        await cache.get_or_load(f"made up {number}", body(1), **times)
    assert [key for key in "abcdefgh" if cache.peek(key)] == list("abcdefgh")


async def test_memory_counts_keys_too(open_cache: Callable[..., Any]) -> None:
    cache = await open_cache(memory_bytes=1_000_000)
    for number in range(100):
        await cache.get_or_load(f"{number}{'k' * 10_000}", body(1), **{**TIMES, "memory_ttl": 60})
    assert sum(cache.peek(f"{number}{'k' * 10_000}") is not None for number in range(100)) < 30


async def test_a_full_redis_costs_neither_answers_nor_what_memory_holds(
    cache: Cache, full_redis: Redis, source: Any
) -> None:
    times = {**TIMES, "memory_ttl": 60, "at_first_sight": True}
    started = perf_counter()
    for number in range(50):
        assert await cache.get_or_load(f"k{number}", source.load, **times) == b"old"
    assert perf_counter() - started < 1, "somebody waited for a lock"
    assert all(cache.peek(f"k{number}") for number in range(50))
    assert cache.uses_redis
    assert not await stored(full_redis)


async def test_a_full_redis_still_gives_what_it_holds_and_hears_of_writes(
    cache: Cache, open_cache: Callable[..., Any], redis_client: Redis, source: Any
) -> None:
    times = {**TIMES, "at_first_sight": True}
    await cache.get_or_load("k", source.load, **times)
    other = await open_cache()
    await redis_client.config_set("maxmemory", 1)
    try:
        source.value = "new"
        assert await other.get_or_load("k", source.load, **times) == b"old"
        assert other.stats()["redis"] == 1
        await cache.invalidate("a")
        assert await other.get_or_load("k", source.load, **times) == b"new"
        assert other.uses_redis
    finally:
        await redis_client.config_set("maxmemory", 0)


async def test_redis_filling_up_during_a_load_does_not_keep_others_from_loading(
    cache: Cache, open_cache: Callable[..., Any], redis_client: Redis
) -> None:
    other = await open_cache()

    async def load() -> bytes:
        await redis_client.config_set("maxmemory", 1)
        return b"x"

    try:
        await cache.get_or_load("k", load, at_first_sight=True, **TIMES)
        assert not await redis_client.exists("{cache:test}:lock:k")
        assert not await stored(redis_client)
        assert await other.get_or_load("k", body(1), at_first_sight=True, **TIMES) == b"x"
    finally:
        await redis_client.config_set("maxmemory", 0)
