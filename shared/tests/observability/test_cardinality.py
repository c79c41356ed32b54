"""Whatever clients, users and other servers send, the number of series stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from prometheus_client import REGISTRY, CollectorRegistry, Counter

from shared import redis_clients
from shared.db import statements
from shared.events import metrics as event_metrics
from shared.events.metrics import handled_of, published_of
from shared.jobs import metrics as job_metrics
from shared.jobs.metrics import observed_job
from shared.labelled import Labelled
from shared.observability.http_client import TARGET, ObservedClient

MANY = 10_000


def series(prefix: str) -> int:
    return sum(len(family.samples) for family in REGISTRY.collect() if family.name.startswith(prefix))


def test_of_more_values_than_the_bound_the_rest_is_other() -> None:
    registry = CollectorRegistry()
    labelled = Labelled(Counter("seen", "Seen.", ["what", "how"], registry=registry), at_most=3)
    for number in range(MANY):
        labelled(f"what {number}", "so").inc()
    assert registry.get_sample_value("seen_total", {"what": "what 2", "how": "so"}) == 1
    assert registry.get_sample_value("seen_total", {"what": "other", "how": "other"}) == MANY - 3
    assert labelled("what 1", "so") is labelled("what 1", "so")


def test_statements_of_ten_thousand_texts_have_the_name_of_the_function_that_sends_them() -> None:
    module: dict[str, Any] = {"__name__": "sample_service.posts.queries", "Statement": statements.Statement}
    exec("def search(sql): Statement(sql).end()", module)  # noqa: S102 - ours
    module["search"]("SELECT 0")
    before = series("db_query")
    for number in range(MANY):
        module["search"](f"SELECT {number}")
    assert series("db_query") == before
    assert len(statements._known) <= statements.MAX_TEXTS


async def test_calls_to_ten_thousand_hosts_have_one_target() -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(204)

    async with ObservedClient("partner_site", transport=httpx.MockTransport(answer)) as client:
        await client.get("http://partner.test")
        before = series("http_client")
        for number in range(MANY // 10):
            await client.get(f"http://host-{number}.test/{number}")
        assert series("http_client") == before
        await client.get("http://one.test", extensions={TARGET: "twitter"})
    labels = {"target": "twitter", "outcome": "2xx"}
    assert REGISTRY.get_sample_value("http_client_request_duration_seconds_count", labels) == 1


@pytest.fixture
def _cleaned() -> Iterator[None]:
    """Other tests find room for their names."""
    bounded = [
        found for module in (redis_clients, job_metrics, event_metrics) for found in vars(module).values()
    ]
    before = [(found, dict(found._children)) for found in bounded if isinstance(found, Labelled)]
    yield
    for found, children in before:
        for values in found._children.keys() - children.keys():
            found.metric.remove(*values)
        found._children = children


@pytest.mark.usefixtures("_cleaned")
async def test_commands_jobs_and_events_of_ten_thousand_names_have_a_bound() -> None:
    async def answered() -> None:
        """At once."""

    def fill(start: int) -> None:
        for number in range(start, start + MANY):
            with observed_job(f"job {number}"):
                pass
            published_of(f"type {number}").inc()
            handled_of(f"source {number}", "handled").inc()

    async def send(start: int) -> None:
        for number in range(start, start + MANY):
            await redis_clients._observed(f"COMMAND {number}", answered())

    fill(0)
    await send(0)
    before = [series(prefix) for prefix in ("job", "events_", "redis_")]
    fill(MANY)
    await send(MANY)
    assert [series(prefix) for prefix in ("job", "events_", "redis_")] == before
