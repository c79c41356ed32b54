"""What Prometheus scrapes. The labels are route templates, never paths, so that their number stays small."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from time import perf_counter
from typing import TYPE_CHECKING

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from shared.db.engine import pool_stats
from shared.tasks import cancel_and_wait

if TYPE_CHECKING:
    from shared.cache import Cache
    from shared.db.database import Database

LAG_INTERVAL = 0.5
disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series beside each counter, which nobody asks for

requests_total = Counter("http_requests", "Requests answered.", ["method", "route", "status"])
request_seconds = Histogram(
    "http_request_duration_seconds",
    "Time from the request's first byte to the response's last.",
    ["method", "route"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10),
)
in_flight = Gauge("http_requests_in_flight", "Requests being answered.")
loop_lag = Histogram(
    "event_loop_lag_seconds",
    "Delay of the event loop, measured twice a second.",
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5),
)


class RequestMetrics:
    """Counts requests; remembers the labelled children, since finding one costs more than adding to it."""

    def __init__(self) -> None:
        self._counters: dict[tuple[str, str, int], Counter] = {}
        self._histograms: dict[tuple[str, str], Histogram] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request is answered."""
        counter = self._counters.get((method, route, status))
        if counter is None:
            counter = self._counters[method, route, status] = requests_total.labels(
                method, route, str(status)
            )
        histogram = self._histograms.get((method, route))
        if histogram is None:
            histogram = self._histograms[method, route] = request_seconds.labels(method, route)
        counter.inc()
        histogram.observe(seconds)


class PoolAndCacheCollector(Collector):
    """Reads the pool's and the cache's own counters when scraped, so that they cost nothing in between."""

    def __init__(self, database: Database, cache: Cache) -> None:
        self._database = database
        self._cache = cache

    def collect(self) -> Iterator[Metric]:
        """The families of this process's pool and cache."""
        pool = pool_stats(self._database.primary)
        yield GaugeMetricFamily("db_pool_size", "Connections that the pool may open.", pool.limit)
        yield GaugeMetricFamily("db_pool_in_use", "Connections in use.", pool.in_use)
        yield CounterMetricFamily("db_pool_waits", "Checkouts that had to wait for a connection.", pool.waits)
        hits = CounterMetricFamily(
            "cache_requests", "Cache lookups by the tier that answered.", labels=["tier"]
        )
        hits = CounterMetricFamily("cache_requests", "Cache look-ups by where they ended.", labels=["tier"])
        for tier, count in self._cache.stats().items():
            hits.add_metric([tier], count)
        yield hits

    def describe(self) -> list[Metric]:
        """Nothing up front: several may live in one process, as in tests."""
        return []


@asynccontextmanager
async def observed(database: Database, cache: Cache) -> AsyncIterator[None]:
    """While inside: the pool and the cache appear in /metrics, and the event loop's lag is measured."""
    collector = PoolAndCacheCollector(database, cache)
    REGISTRY.register(collector)
    watcher = asyncio.create_task(_watch_lag(), name="event loop lag")
    try:
        yield
    finally:
        REGISTRY.unregister(collector)
        await cancel_and_wait(watcher)


async def _watch_lag() -> None:
    while True:
        before = perf_counter()
        await asyncio.sleep(LAG_INTERVAL)
        loop_lag.observe(max(0.0, perf_counter() - before - LAG_INTERVAL))
