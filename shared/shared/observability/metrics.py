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

from shared.db.pool import pool_stats
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


FAILURES = ("500", "503")


class RequestMetrics:
    """Counts requests; remembers the labelled children, since finding one costs more than adding to it."""

    def __init__(self) -> None:
        self._counters: dict[tuple[str, str, int], Counter] = {}
        self._histograms: dict[tuple[str, str], Histogram] = {}

    def observe(
        self, method: str, route: str, status: int, seconds: float, trace_id: str | None = None
    ) -> None:
        """One request is answered; `trace_id` of a trace that is recorded stands beside the figure, as its exemplar."""
        counter = self._counters.get((method, route, status))
        if counter is None:
            counter = self._counters[method, route, status] = requests_total.labels(
                method, route, str(status)
            )
        histogram = self._histograms.get((method, route))
        if histogram is None:
            histogram = self._histograms[method, route] = request_seconds.labels(method, route)
            for failure in FAILURES:  # a series that begins with its first failure has no rate for it
                requests_total.labels(method, route, failure)
        counter.inc()
        histogram.observe(seconds, {"trace_id": trace_id} if trace_id else None)


class PoolAndCacheCollector(Collector):
    """Reads the pools' and the cache's own counters when scraped, so that they cost nothing in between."""

    def __init__(self, database: Database, cache: Cache) -> None:
        self._database = database
        self._cache = cache

    def collect(self) -> Iterator[Metric]:
        """The families of this process's pools and cache."""
        yield from self._pools()
        if (replica := self._database.replica) is not None:
            usable = "1 while reads go to the replica, 0 while they go to the primary."
            yield GaugeMetricFamily("db_replica_usable", usable, float(replica.watched()))
            lag = "How far the replica is behind, at its last check."
            yield GaugeMetricFamily("db_replica_lag_seconds", lag, replica.lag)
        ended = CounterMetricFamily("cache_requests", "Cache look-ups by where they ended.", labels=["tier"])
        for tier, count in self._cache.stats().items():
            ended.add_metric([tier], count)
        yield ended

    def describe(self) -> list[Metric]:
        """Nothing up front: several may live in one process, as in tests."""
        return []

    def _pools(self) -> Iterator[Metric]:
        replica = self._database.replica
        engines = {"primary": self._database.primary} | ({"replica": replica.engine} if replica else {})
        stats = {name: pool_stats(engine) for name, engine in engines.items()}
        for field, said in _POOL.items():
            family = GaugeMetricFamily(f"db_pool_{field}", said, labels=["pool"])
            for name, pool in stats.items():
                family.add_metric([name], getattr(pool, field))
            yield family


_POOL = {
    "limit": "Connections that the pool may open.",
    "open": "Connections that are open.",
    "in_use": "Connections in use.",
    "waiting": "Check-outs that wait for a connection.",
}


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
