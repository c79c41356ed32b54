"""A service that is dead, slow or failing, and that nobody else notices."""

from __future__ import annotations

import time

import httpx
import pytest

from gateway.rules.upstreams import MAX_LOST_REQUESTS
from tests.gateway.local import SLOW_MS, LocalGateway, wait_until
from tests.gateway.tokens import Signer


def test_a_dead_service_answers_503_at_once_and_others_go_on(
    own_gateway: LocalGateway, poller: httpx.Client, signer: Signer
) -> None:
    with own_gateway.without("review"):
        wait_until(lambda: poller.get("/api/review/campaigns").status_code == 503)
        before = time.monotonic()
        answer = poller.get("/api/review/campaigns")
        assert time.monotonic() - before < 0.5
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert isinstance(answer.json()["error"], str)
        assert answer.headers["retry-after"] == "1"
        assert answer.json()["message"] == answer.json()["error"]
        assert poller.post("/api/review/campaigns", headers=signer.headers()).status_code == 503
        assert poller.get("/api/coocook/chefs").status_code == 200
    assert poller.get("/api/review/campaigns").status_code == 200


def test_a_dead_target_of_two_costs_few_requests(own_gateway: LocalGateway, poller: httpx.Client) -> None:
    """Kong counted no refused connection while nothing is retried: every second request failed for three seconds."""
    other = "review"  # any other process will do
    own_gateway.beside["coocook"] = f"@100,127.0.0.1:{own_gateway.ports[other]}@100"
    try:
        own_gateway.reload()
        wait_until(lambda: poller.get("/api/coocook/chefs").json().get("service") == other)
        with own_gateway.without(other):
            statuses = [poller.get("/api/coocook/chefs").status_code for _ in range(60)]
        assert statuses.count(200) >= 60 - MAX_LOST_REQUESTS
        assert set(statuses) <= {200, 502, 503}
        wait_until(lambda: poller.get("/api/coocook/chefs").json().get("service") == other)
    finally:
        own_gateway.beside.clear()
        own_gateway.reload()


def test_a_slow_service_answers_504(client: httpx.Client) -> None:
    before = time.monotonic()
    answer = client.get("/api/ai-automation/plans", params={"sleep": "16"})
    assert answer.status_code == 504
    assert time.monotonic() - before < 15
    assert isinstance(answer.json()["error"], str)
    assert answer.json()["message"] == answer.json()["error"]


def test_a_stream_of_events_comes_piece_by_piece_and_may_outlast_the_read_timeout(
    client: httpx.Client, signer: Signer
) -> None:
    path, came = "/api/ai-automation/employees/7/runs/7/events", list[float]()
    began = time.monotonic()
    with client.stream("GET", path, params={"pieces": "6"}, headers=signer.headers()) as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        for _ in answer.iter_raw():
            came.append(time.monotonic() - began)
    assert len(came) >= 5
    assert came[0] < 1.0
    assert came[-1] > SLOW_MS / 1000 * 2


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_request_that_timed_out_was_sent_once(client: httpx.Client, signer: Signer, method: str) -> None:
    headers = {"X-Request-ID": f"sent-once-{method}", **signer.headers()}
    answer = client.request(method, "/api/ai-automation/employees", params={"sleep": "16"}, headers=headers)
    assert answer.status_code == 504
    seen = client.get("/api/ai-automation/plans", params={"seen": f"sent-once-{method}"})
    assert seen.json()["times"] == 1


def test_the_services_own_errors_are_left_as_they_are(client: httpx.Client) -> None:
    for status in (404, 429, 500, 503):
        answer = client.get("/api/coocook/chefs", params={"status": str(status)})
        assert answer.status_code == status
        assert answer.json()["service"] == "coocook"


def test_failing_answers_do_not_take_a_service_out(client: httpx.Client) -> None:
    for status in (500, 503) * 6:
        assert client.get("/api/coocook/chefs", params={"status": str(status)}).status_code == status
    assert client.get("/api/coocook/chefs").status_code == 200
