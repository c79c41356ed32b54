"""The pool of connections: who waits for one, and how long."""

from __future__ import annotations

from time import perf_counter
from typing import Any, NamedTuple

from prometheus_client import Histogram
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import AsyncAdaptedQueuePool

wait_seconds = Histogram(
    "db_pool_wait_seconds",
    "Time that check-outs waited for a connection, of those that found none free.",
    ["pool"],
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3),
)


class PoolStats(NamedTuple):
    """Connections a pool may open, has open and has at work, and the check-outs that wait for one."""

    limit: int
    open: int
    in_use: int
    waiting: int


class ObservedPool(AsyncAdaptedQueuePool):
    """SQLAlchemy's asyncio pool. Its `logging_name` is its name in the metrics."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.waiting = 0

    def _do_get(self) -> Any:
        if not self._pool.empty() or self.overflow() < self._max_overflow or self._max_overflow < 0:
            return super()._do_get()
        started = perf_counter()
        self.waiting += 1
        try:
            return super()._do_get()
        finally:
            self.waiting -= 1
            wait_seconds.labels(self.logging_name).observe(perf_counter() - started)


def pool_stats(engine: AsyncEngine) -> PoolStats:
    """How busy the pool of `engine` is; zeros for pools that do not count."""
    pool = engine.pool
    if not isinstance(pool, ObservedPool):
        return PoolStats(0, 0, 0, 0)
    limit = pool.size() + max(0, pool._max_overflow)
    return PoolStats(limit, pool.checkedin() + pool.checkedout(), pool.checkedout(), pool.waiting)
