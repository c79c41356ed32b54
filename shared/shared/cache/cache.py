"""The cache as services use it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncSession

from shared.cache.memory import Entry, Kept, Memory
from shared.cache.redis_tier import EVERYTHING, Found
from shared.cache.resilient_tier import ResilientTier
from shared.db.transactions import after_commit
from shared.tasks import cancel_and_wait

Loader = Callable[[], Awaitable[bytes]]

ALONE_SECONDS: Final = 1.0
"""How long memory may keep an entry while nobody tells us of other processes' writes."""


@dataclass(eq=False, slots=True)
class _Flight:
    """One load under way; all who ask for its key meanwhile wait for it."""

    key: str
    tags: tuple[str, ...]
    memory_ttl: float
    redis_ttl: float
    at_first_sight: bool
    stale: bool = False
    """Set when a tag is invalidated meanwhile: then nobody new may wait for it, and memory does not keep it."""
    task: asyncio.Task[Entry] = field(init=False)


class Cache:
    """Bytes that are the same for every caller with the same key.

    Once `invalidate` has returned, this process serves nothing that was loaded before it, and other processes only for
    as long as a message takes (milliseconds), or one second while Redis is down. No method raises an error because of
    Redis.

    However many keys clients make up, memory holds at most `memory_bytes` and Redis at most `redis_bytes`, for all
    processes with this namespace together. A key is stored in Redis when it is requested for the second time.
    """

    def __init__(
        self,
        redis: Redis,
        *,
        namespace: str,
        redis_bytes: int,
        memory_entries: int = 10_000,
        memory_bytes: int = 32_000_000,
    ) -> None:
        self._tier = ResilientTier(redis, namespace, self._drop, share=redis_bytes)
        self._memory = Memory(memory_entries, memory_bytes)
        self._kept = self._memory.kept
        self._flights: dict[str, _Flight] = {}
        self._flying: set[_Flight] = set()
        self._hits = self._redis_hits = self._loads = 0

    async def start(self) -> None:
        """Connect and follow other processes' invalidations. Without Redis it starts too, and keeps trying."""
        await self._tier.subscription.start()

    async def close(self) -> None:
        """Stop loads under way and close the connections."""
        await cancel_and_wait(*(flight.task for flight in self._flying))
        await self._tier.close()

    @property
    def uses_redis(self) -> bool:
        """Whether the second tier is in use at this moment."""
        return self._tier.subscription.up

    def stats(self) -> dict[str, int]:
        """Look-ups by where they ended: `memory`, `redis`, or `load`. Callers that waited for another's load count as
        none of them."""
        return {"memory": self._hits, "redis": self._redis_hits, "load": self._loads}

    def peek(self, key: str) -> Entry | None:
        """What memory holds of `key`, without waiting for anything."""
        kept = self._kept.get(key)
        if kept is None or kept.expires <= monotonic():
            return None
        self._kept.move_to_end(key)
        self._hits += 1
        return kept.entry

    async def get_or_load(
        self,
        key: str,
        loader: Loader,
        *,
        memory_ttl: float,
        redis_ttl: float,
        tags: Sequence[str],
        at_first_sight: bool = False,
    ) -> bytes:
        """As `get_or_load_entry`, the bytes alone."""
        entry = await self.get_or_load_entry(
            key,
            loader,
            memory_ttl=memory_ttl,
            redis_ttl=redis_ttl,
            tags=tags,
            at_first_sight=at_first_sight,
        )
        return entry.body

    async def get_or_load_entry(
        self,
        key: str,
        loader: Loader,
        *,
        memory_ttl: float,
        redis_ttl: float,
        tags: Sequence[str],
        replica_loader: Loader | None = None,
        at_first_sight: bool = False,
    ) -> Entry:
        """The entry cached under `key`, or what `loader` returns; that is then kept for so many seconds in each tier.

        `tags` name the data that the bytes were made from. Only one load per key runs at a time. An error of the loader
        is raised to all who waited for it. `replica_loader` may read from a replica that lags: it is used if no tag was
        written for some seconds, so that it cannot bring back what a write has replaced. `at_first_sight` stores the
        key in Redis at once: use it for keys that are limited by the number of rows, never for a key with a client's
        text or number in it that may match nothing.
        """
        entry = self.peek(key)
        if entry is not None:
            return entry
        flight = self._flights.get(key)
        if flight is None:
            flight = _Flight(key, tuple(tags), memory_ttl, redis_ttl, at_first_sight)
            self._take_off(flight, loader, replica_loader or loader)
        # One request that is cancelled must not take the others' answer with it.
        return await asyncio.shield(flight.task)

    async def invalidate(self, *tags: str) -> None:
        """Forget, everywhere, what carries any of the tags."""
        try:
            if tags:
                await self._tier.invalidate(tags)
        finally:
            # Afterwards, since until Redis knew, a look-up could still bring the old copy into memory.
            self._drop(tags)

    def invalidate_after_commit(self, session: AsyncSession, *tags: str) -> None:
        """The same right after the session's commit; nothing when it rolls back."""
        after_commit(session, lambda: self.invalidate(*tags))

    def _drop(self, tags: Sequence[str]) -> None:
        """Forget them in this process; loads that are running began too early to be stored or shared."""
        everything = EVERYTHING in tags
        if everything:
            self._memory.clear()
        else:
            self._memory.drop(tags)
        for flight in self._flying:
            if everything or not set(tags).isdisjoint(flight.tags):
                flight.stale = True
                self._leave(flight)

    def _take_off(self, flight: _Flight, loader: Loader, settled: Loader) -> None:
        flight.task = asyncio.create_task(self._fly(flight, loader, settled), name=f"cache: {flight.key}")
        flight.task.add_done_callback(lambda task: self._land(flight, task))
        self._flights[flight.key] = flight
        self._flying.add(flight)

    def _land(self, flight: _Flight, task: asyncio.Task[Entry]) -> None:
        self._flying.discard(flight)
        self._leave(flight)
        if not task.cancelled():
            task.exception()  # whoever waited may be gone, and then nobody else would have looked

    def _leave(self, flight: _Flight) -> None:
        if self._flights.get(flight.key) is flight:
            del self._flights[flight.key]

    async def _fly(self, flight: _Flight, loader: Loader, settled: Loader) -> Entry:
        found = await self._tier.find(flight.key, flight.tags, note=not flight.at_first_sight)
        if found is not None and found.entry is not None:
            self._redis_hits += 1
            entry = found.entry
        else:
            self._loads += 1
            chosen = settled if found is not None and found.settled else loader
            entry = await self._load(flight, chosen, found)
        if not flight.stale:
            seconds = flight.memory_ttl if self.uses_redis else min(flight.memory_ttl, ALONE_SECONDS)
            kept = Kept(entry, flight.tags, monotonic() + seconds)
            self._memory.put(flight.key, kept, rare=found is not None and not found.asked_before)
        return entry

    async def _load(self, flight: _Flight, loader: Loader, found: Found | None) -> Entry:
        try:
            entry = Entry.of(await loader())
        except BaseException:
            if found is not None:
                await self._tier.release(flight.key, found)
            raise
        if found is not None:
            current = await self._tier.store(flight.key, flight.tags, entry, found, seconds=flight.redis_ttl)
            if current is False:  # invalidated meanwhile; the message that says so is still on its way to us
                flight.stale = True
        return entry
