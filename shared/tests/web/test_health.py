from __future__ import annotations

from typing import Any

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/health", "ok"),
        ("/health/live", "alive"),
        ("/health/serving", "serving"),
        ("/health/ready", "ready"),
    ],
)
async def test_a_process_that_works_says_so(http: httpx.AsyncClient, path: str, status: str) -> None:
    answer = await http.get(path)
    assert (answer.status_code, answer.json()) == (200, {"status": status})


async def test_without_the_database_it_lives_and_serves_but_is_not_ready(
    http: httpx.AsyncClient, fake: Any
) -> None:
    fake.database.failure = ConnectionRefusedError("no server")
    assert (await http.get("/health/live")).status_code == 200
    assert (await http.get("/health/serving")).status_code == 200
    answer = await http.get("/health/ready")
    assert (answer.status_code, answer.json()["error"]) == (503, "The database does not answer.")


async def test_while_stopping_it_is_neither_ready_nor_serving(http: httpx.AsyncClient, fake: Any) -> None:
    fake.draining = True
    assert (await http.get("/health/serving")).status_code == 503
    assert (await http.get("/health/ready")).status_code == 503
    assert (await http.get("/health/live")).status_code == 200


async def test_the_metrics_cover_requests_the_loop_the_pool_and_the_cache(http: httpx.AsyncClient) -> None:
    await http.get("/api/do")
    answer = await http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    for line in (
        'http_requests_total{method="GET",route="/api/do",status="200"}',
        'http_request_duration_seconds_bucket{le="0.1",method="GET",route="/api/do"}',
        "http_requests_in_flight 1.0",
        "event_loop_lag_seconds_count",
        "http_requests_waiting 0.0",
        'db_pool_in_use{pool="primary"} 0.0',
        'db_pool_waiting{pool="primary"} 0.0',
        'cache_requests_total{tier="memory"} 3.0',
        "process_resident_memory_bytes",
    ):
        assert line in answer.text


async def test_the_metrics_are_openmetrics_where_that_is_asked_for(http: httpx.AsyncClient) -> None:
    await http.get("/api/do")
    asked = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
    answer = await http.get("/metrics", headers={"Accept": asked})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    parsed = text_string_to_metric_families(answer.text)  # type: ignore[no-untyped-call]
    families = {family.name for family in parsed}
    assert {"http_requests", "http_request_duration_seconds", "cache_requests"} <= families
