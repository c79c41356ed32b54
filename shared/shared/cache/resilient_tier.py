"""The second tier as the cache uses it: it returns an entry or None, never raises, and limits every wait."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic
from typing import Final, TypeVar

from redis.asyncio import Redis
from redis.exceptions import OutOfMemoryError

from shared.cache.memory import Entry
from shared.cache.redis_tier import Found, RedisTier
from shared.cache.subscription import OUTAGES, Subscription
from shared.redis_clients import with_timeout

logger = logging.getLogger(__name__)
T = TypeVar("T")

ANSWER_SECONDS: Final = 0.25
WAIT_SECONDS: Final = 2.0
"""How long to wait for what another process is loading."""
POLL_SECONDS: Final = (0.005, 0.01, 0.02)
AT_A_TIME: Final = 16
"""Commands, and so connections; an outage that hangs is felt by so many requests at most."""
SAY_SECONDS: Final = 60.0
"""How often the log says that Redis is full."""


class ResilientTier:
    """One namespace in Redis, used while the subscription stands."""

    def __init__(
        self, redis: Redis, namespace: str, dropped: Callable[[Sequence[str]], None], *, share: int
    ) -> None:
        self._redis = with_timeout(redis, seconds=ANSWER_SECONDS)
        self._tier = RedisTier(self._redis, namespace, share=share)
        self._said_full = float("-inf")
        self.subscription = Subscription(self._redis, self._tier, dropped)
        self._slots = asyncio.Semaphore(AT_A_TIME)

    async def close(self) -> None:
        """Stop and disconnect."""
        await self.subscription.close()
        await self._redis.aclose()

    async def find(self, key: str, tags: Sequence[str], *, note: bool) -> Found | None:
        """The stored entry, or else the right to load it. While another process loads it, this waits, within limits.

        With `note`, the first look-up of a key reports that it was not `asked_before`.
        """
        deadline = monotonic() + WAIT_SECONDS
        pauses = iter(POLL_SECONDS)
        pause = 0.0
        while True:
            found = await self._ask(lambda: self._tier.find(key, tags, note=note))
            if found is None or found.entry is not None or found.locked or monotonic() > deadline:
                return found
            pause = next(pauses, pause)
            await asyncio.sleep(pause)

    async def store(
        self, key: str, tags: Sequence[str], entry: Entry, found: Found, *, seconds: float
    ) -> bool | None:
        """False when a tag was invalidated since `found`. Entries that were requested only once, or that are too large,
        are not stored."""
        current = None
        if found.asked_before and self._tier.has_room_for(entry):
            current = await self._ask(lambda: self._tier.store(key, tags, entry, found, seconds=seconds))
        if current is None:
            await self.release(key, found)
        return current

    async def release(self, key: str, found: Found) -> None:
        """Let another process load."""
        if found.locked:
            await self._ask(lambda: self._tier.release(key, found))

    async def invalidate(self, tags: Sequence[str]) -> None:
        """Give tags new versions now, or as soon as Redis is back."""
        told = False
        try:
            told = self.subscription.up and await self._bump(tags)
        finally:
            if not told:
                self.subscription.invalidate_later(tags)

    async def _bump(self, tags: Sequence[str]) -> bool:
        try:
            await self._tier.bump(tags)
        except BaseException as error:
            # It may or may not have arrived: Redis is out of use until it certainly has.
            self.subscription.broken(error)
            if not isinstance(error, OUTAGES):
                raise
            return False
        return True

    async def _ask(self, command: Callable[[], Awaitable[T]]) -> T | None:
        async with self._slots:
            if not self.subscription.up:
                return None
            try:
                answer = await command()
            except OutOfMemoryError:
                self._say_full()
                return None
            except OUTAGES as error:
                self.subscription.failed(error)
                return None
        self.subscription.succeeded()
        return answer

    def _say_full(self) -> None:
        """Redis answers, so it stays in use: reads and invalidations work, and memory keeps what it has."""
        if monotonic() - self._said_full > SAY_SECONDS:
            self._said_full = monotonic()
            logger.warning("cache: Redis is out of memory; entries are kept in this process only")
