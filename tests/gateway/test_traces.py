"""The gateway's spans, and who decides that there are any: it does, for all that comes from outside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from testing.otlp import Collector, Received
from tests.gateway.local import LocalGateway, new_signer, wait_until

pytestmark = pytest.mark.xdist_group("gateway that traces")
OUTSIDE = "0af7651916cd43dd8448eb211c80319c"
SENT = {
    "traceparent": f"00-{OUTSIDE}-b7ad6b7169203331-01",
    "tracestate": "vendor=x",
    "baggage": "user=somebody",
    "b3": f"{OUTSIDE}-b7ad6b7169203331-1",
    "x-b3-sampled": "1",
    "x-client-trace-id": "force",
    "x-envoy-force-trace": "1",
}


@dataclass
class TracedGateway(LocalGateway):
    """One service behind a gateway that sends spans of `ratio` of the requests."""

    collector: Collector = field(default_factory=Collector)
    ratio: float = 1

    def start(self) -> None:
        self._start_service("coocook")
        self.render()
        self.start_gateway()
        self._wait_for("coocook")

    def more_to_render(self) -> list[str]:
        return ["--otlp", self.collector.url, "--trace-ratio", str(self.ratio)]


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TracedGateway]:
    own = TracedGateway(tmp_path_factory.mktemp("traced"), new_signer())
    try:
        with own.collector:
            own.start()
            yield own
    finally:
        own.stop()


def ask(gateway: TracedGateway, path: str = "/api/coocook/chefs", **headers: str) -> dict[str, Any]:
    """The headers that the service saw."""
    seen: dict[str, Any] = httpx.get(gateway.url + path, headers=headers).json()["headers"]
    return seen


def span_of(gateway: TracedGateway, trace_id: str) -> Received:
    wait_until(lambda: bool(gateway.collector.trace(trace_id)))
    (span,) = gateway.collector.trace(trace_id)
    return span


def test_a_service_continues_the_span_that_the_gateway_sends(traced: TracedGateway) -> None:
    _, trace_id, parent, flags = ask(traced, "/api/coocook/chefs?location=seoul")["traceparent"].split("-")
    span = span_of(traced, trace_id)
    assert (span.span_id, flags, span.parent_id) == (parent, "01", "")
    assert (span.service, span.kind, span.name) == ("gateway", "server", "GET coocook-chefs")
    assert span.attributes["http.status_code"] == "200"


def test_a_span_holds_no_query_and_no_address(traced: TracedGateway) -> None:
    seen = ask(traced, "/api/coocook/chefs?location=seoul&who=a@example.com", **{"User-Agent": "somebody-s"})
    span = span_of(traced, seen["traceparent"].split("-")[1])
    text = repr(span.attributes)
    assert not [word for word in ("seoul", "example.com", "somebody-s", "127.0.0.1") if word in text], text
    assert span.attributes["http.url"] == "/api/coocook/chefs"


@pytest.mark.parametrize(
    "traceparent", [SENT["traceparent"], "00-xyz-1-01", "", f"ff-{OUTSIDE}-b7ad6b7169203331-01"]
)
def test_a_trace_of_a_client_s_is_not_continued(traced: TracedGateway, traceparent: str) -> None:
    seen = ask(traced, **{**SENT, "traceparent": traceparent})
    assert seen["traceparent"].split("-")[1] not in ("", OUTSIDE)
    assert not [name for name in SENT.keys() - {"traceparent"} if seen.get(name)]
    assert span_of(traced, seen["traceparent"].split("-")[1]).parent_id == ""


@pytest.mark.parametrize(("path", "status"), [("/nowhere", 404), ("/api/coocook/bookings", 401)])
def test_an_error_of_the_gateway_is_found_by_its_request_id(
    traced: TracedGateway, path: str, status: int
) -> None:
    answer = httpx.get(traced.url + path, headers=SENT)
    assert answer.status_code == status
    key, request_id = "guid:x-request-id", answer.json()["request_id"]

    def found() -> list[str]:
        spans = [span for span in traced.collector.spans if span.attributes[key] == request_id]
        return [span.attributes["http.status_code"] for span in spans]

    wait_until(lambda: bool(found()))
    assert found() == [str(status)]


@pytest.fixture
def sampling_nothing(traced: TracedGateway) -> Iterator[TracedGateway]:
    traced.ratio = 0
    traced.reload()
    wait_until(lambda: ask(traced)["traceparent"].endswith("-00"))
    yield traced
    traced.ratio = 1
    traced.reload()
    wait_until(lambda: ask(traced)["traceparent"].endswith("-01"))


def test_no_client_has_its_requests_recorded_by_asking_for_it(sampling_nothing: TracedGateway) -> None:
    given = ["x-request-id", "x-envoy-force-trace"]
    asked = [{**SENT, name: "f" * 8 + "-0000-9000-8000-" + "0" * 12} for name in given]
    seen = [ask(sampling_nothing, **headers) for headers in asked for _ in range(20)]
    assert {headers["traceparent"].split("-")[3] for headers in seen} == {"00"}
    ids = {headers["traceparent"].split("-")[1] for headers in seen}
    assert not [span for span in sampling_nothing.collector.spans if span.trace_id in ids]


def test_a_collector_that_hangs_or_is_gone_delays_no_request(traced: TracedGateway) -> None:
    with traced.collector.hangs():
        assert (
            max(httpx.get(f"{traced.url}/api/coocook/chefs").elapsed.total_seconds() for _ in range(20)) < 0.5
        )
    traced.collector.status = 503
    try:
        assert all(httpx.get(f"{traced.url}/api/coocook/chefs").is_success for _ in range(5))
    finally:
        traced.collector.status = 200
