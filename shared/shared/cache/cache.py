"""The cache as services use it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncSession

from shared.cache.entry import Entry
from shared.db.hooks import after_commit

Loader = Callable[[], Awaitable[bytes]]


class Cache:
    """Skeleton that always loads; the tiers follow."""

    def __init__(self, redis: Redis, *, namespace: str, memory_entries: int = 10_000) -> None:
        self._redis = redis

    async def start(self) -> None:
        """Follow other processes' invalidations."""

    async def close(self) -> None:
        """Stop."""

    def peek(self, key: str) -> Entry | None:
        """What memory holds."""
        return None

    async def get_or_load_entry(
        self, key: str, loader: Loader, *, memory_ttl: float, redis_ttl: float, tags: Sequence[str]
    ) -> Entry:
        """The cached or loaded entry."""
        return Entry.of(await loader())

    async def get_or_load(
        self, key: str, loader: Loader, *, memory_ttl: float, redis_ttl: float, tags: Sequence[str]
    ) -> bytes:
        """The cached or loaded bytes."""
        return await loader()

    async def invalidate(self, *tags: str) -> None:
        """Forget what carries any of the tags."""

    def invalidate_after_commit(self, session: AsyncSession, *tags: str) -> None:
        """Forget it once the session is committed."""
        after_commit(session, lambda: self.invalidate(*tags))

    def stats(self) -> dict[str, int]:
        """Look-ups by where they ended."""
        return {}
