"""The connection pool, which counts how often somebody had to wait for it."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import AsyncAdaptedQueuePool, QueuePool


class PoolStats(NamedTuple):
    """Connections a pool may open, those at work, and the check-outs that found none free since the start."""

    limit: int
    in_use: int
    waits: int


class CountingPool(AsyncAdaptedQueuePool):
    """SQLAlchemy's asyncio pool; `waits` grows with each check-out that has to wait."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.waits = 0

    def _do_get(self) -> Any:
        if self._pool.empty() and self.overflow() >= self._max_overflow > -1:
            self.waits += 1
        return super()._do_get()

    def recreate(self) -> QueuePool:
        """The pool that takes over after `dispose`; it goes on counting."""
        successor = super().recreate()
        if isinstance(successor, CountingPool):
            successor.waits = self.waits
        return successor


def pool_stats(engine: AsyncEngine) -> PoolStats:
    """How busy the pool of `engine` is; zeros for pools that do not count."""
    pool = engine.pool
    if not isinstance(pool, CountingPool):
        return PoolStats(0, 0, 0)
    return PoolStats(pool.size() + max(0, pool._max_overflow), pool.checkedout(), pool.waits)
