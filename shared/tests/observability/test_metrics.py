from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from prometheus_client import REGISTRY

from shared.observability import metrics
from testing.polling import eventually


def fake_pool_and_cache() -> tuple[Any, Any]:
    engine = SimpleNamespace(pool=None)
    return SimpleNamespace(primary=engine, replica=None), SimpleNamespace(stats=dict)


async def test_the_event_loops_lag_is_measured_while_it_is_observed(monkeypatch: Any) -> None:
    monkeypatch.setattr(metrics, "LAG_INTERVAL", 0.001)

    async def measured() -> float:
        return REGISTRY.get_sample_value("event_loop_lag_seconds_count") or 0

    before = await measured()
    async with metrics.observed(*fake_pool_and_cache()):
        await eventually(measured, until=lambda count: count >= before + 3)


async def test_a_pool_that_is_closed_is_no_longer_scraped() -> None:
    async with metrics.observed(*fake_pool_and_cache()):
        assert REGISTRY.get_sample_value("db_pool_in_use", {"pool": "primary"}) == 0
    assert REGISTRY.get_sample_value("db_pool_in_use", {"pool": "primary"}) is None


def test_requests_are_counted_and_timed() -> None:
    labels = {"method": "GET", "route": "/only/here"}
    recorder = metrics.RequestMetrics()
    recorder.observe("GET", "/only/here", 200, 0.06)
    recorder.observe("GET", "/only/here", 200, 0.2)
    assert REGISTRY.get_sample_value("http_requests_total", {**labels, "status": "200"}) == 2
    bucket = {**labels, "le": "0.1"}
    assert REGISTRY.get_sample_value("http_request_duration_seconds_bucket", bucket) == 1
