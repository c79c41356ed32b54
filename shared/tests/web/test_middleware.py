from __future__ import annotations

import json
import logging
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import REGISTRY
from starlette.types import Message

from shared.observability import context
from shared.schemas.json import JSONBytes
from shared.web import access_log

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def _access_log() -> Iterator[None]:
    logger = logging.getLogger("access")
    logger.setLevel(logging.INFO)
    yield
    logger.setLevel(logging.NOTSET)


def lines(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


async def test_a_request_keeps_its_id_and_trace(http: httpx.AsyncClient, behaviour: Any) -> None:
    async def seen() -> dict[str, Any]:
        return {"request": context.request_id(), "trace": context.trace_id(), "parent": context.traceparent()}

    behaviour.do = seen
    answer = await http.get(
        "/api/do",
        headers={"X-Request-ID": "from.the-gateway", "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"},
    )
    assert answer.headers["x-request-id"] == answer.json()["request"] == "from.the-gateway"
    assert answer.json()["trace"] == TRACE
    assert re.fullmatch(f"00-{TRACE}-[0-9a-f]{{16}}-01", answer.json()["parent"])
    assert "00f067aa0ba902b7" not in answer.json()["parent"]


@pytest.mark.parametrize("given", ["", "with space", "x" * 129, 'quote"', "é"])
async def test_an_id_that_could_forge_a_log_line_is_replaced(http: httpx.AsyncClient, given: str) -> None:
    answer = await http.get("/api/do", headers={b"X-Request-ID": given.encode()})
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/api/do"), ("POST", "/api/things"), ("GET", "/nowhere")]
)
async def test_what_does_not_say_otherwise_is_kept_by_no_cache(
    http: httpx.AsyncClient, method: str, path: str
) -> None:
    answer = await http.request(method, path)
    assert answer.headers.get_list("cache-control") == ["no-store"]


async def test_an_answer_that_may_be_kept_says_so_itself(http: httpx.AsyncClient, behaviour: Any) -> None:
    async def kept() -> JSONBytes:
        return JSONBytes({}, headers={"Cache-Control": "public, max-age=5"})

    behaviour.do = kept
    answer = await http.get("/api/do")
    assert answer.headers.get_list("cache-control") == ["public, max-age=5"]


async def test_after_a_request_nothing_of_it_is_left(http: httpx.AsyncClient) -> None:
    await http.get("/api/do")
    assert context.current.get() is None


@pytest.mark.usefixtures("_access_log")
async def test_each_request_is_one_line_without_its_query(
    http: httpx.AsyncClient, behaviour: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    async def known() -> dict[str, Any]:
        context.set_user(7)
        return {}

    behaviour.do = known
    headers = {
        "X-Request-ID": "r1",
        "X-Forwarded-For": "6.6.6.6, 10.1.2.3",
        "Authorization": "Bearer secret-token",
    }
    await http.get("/api/do?token=very-secret", headers=headers)
    access_log.flush()
    output = capsys.readouterr().out
    (line,) = lines(output)
    assert "secret" not in output
    assert {
        name: line[name] for name in ("method", "route", "status", "request_id", "user_id", "client")
    } == {
        "method": "GET",
        "route": "/api/do",
        "status": 200,
        "request_id": "r1",
        "user_id": 7,
        "client": "10.1.2.3",
    }
    assert line["duration_ms"] >= 0
    assert len(line["trace_id"]) == 32


@pytest.mark.usefixtures("_access_log")
async def test_health_checks_are_logged_only_when_they_fail(
    http: httpx.AsyncClient, fake: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    await http.get("/health/ready")
    access_log.flush()
    assert lines(capsys.readouterr().out) == []
    fake.draining = True
    await http.get("/health/ready")
    access_log.flush()
    assert [line["status"] for line in lines(capsys.readouterr().out)] == [503]


async def test_requests_are_counted_by_the_routes_template(http: httpx.AsyncClient) -> None:
    def count(route: str, status: str) -> float:
        labels = {"method": "PUT", "route": route, "status": status}
        return REGISTRY.get_sample_value("http_requests_total", labels) or 0

    template = "/api/things/{thing_id}/options"
    before, lost = count(template, "200"), count("unmatched", "404")
    await http.put("/api/things/1/options")
    await http.put("/api/things/2/options")
    await http.put("/api/unknown/17")
    assert count(template, "200") - before == 2
    assert count("unmatched", "404") - lost == 1
    labels = {"method": "PUT", "route": template}
    failures = [
        REGISTRY.get_sample_value("http_requests_total", {**labels, "status": s}) for s in ("500", "503")
    ]
    assert failures == [0, 0]  # shown before the first one, which would have no rate otherwise
    assert REGISTRY.get_sample_value("http_requests_in_flight") == 0


@pytest.mark.parametrize(
    ("path", "route"),
    [(path, path) for path in ("/health", "/health/live", "/health/serving", "/health/ready", "/metrics")]
    + [("/health/nowhere", "unmatched"), ("/metrics/", "unmatched")],
)
async def test_probes_and_scrapes_are_counted_as_themselves_and_only_they(
    http: httpx.AsyncClient, path: str, route: str
) -> None:
    def count(method: str, route: str, status: int) -> float:
        labels = {"method": method, "route": route, "status": str(status)}
        return REGISTRY.get_sample_value("http_requests_total", labels) or 0

    for method, status in (("GET", 200), ("POST", 405)):
        answered = status if route == path else 404
        before, lost = count(method, route, answered), count(method, "unmatched", answered)
        assert (await http.request(method, path)).status_code == answered
        assert count(method, route, answered) - before == 1
        assert count(method, "unmatched", answered) - lost == (route == "unmatched")


async def test_a_bug_is_a_500_that_tells_nothing_and_a_log_that_tells_all(
    http: httpx.AsyncClient, behaviour: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def bug() -> None:
        raise KeyError("inner-secret")

    behaviour.do = bug
    answer = await http.get("/api/do")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "inner-secret" not in answer.text
    assert "inner-secret" in caplog.text


async def test_a_reply_that_has_begun_is_cut_and_not_answered_twice(
    app: FastAPI, http: httpx.AsyncClient, behaviour: Any
) -> None:
    from starlette.responses import StreamingResponse

    async def broken() -> AsyncIterator[bytes]:
        yield b"half"
        raise KeyError("too late")

    async def stream() -> StreamingResponse:
        return StreamingResponse(broken())

    behaviour.do = stream
    with pytest.raises(KeyError):
        await http.get("/api/do")


async def test_while_stopping_replies_end_their_connections(http: httpx.AsyncClient, fake: Any) -> None:
    assert "connection" not in (await http.get("/api/do")).headers
    fake.draining = True
    assert (await http.get("/api/do")).headers["connection"] == "close"


async def test_the_series_of_requests_do_not_grow_with_paths_ids_methods_and_hosts(
    app: FastAPI, http: httpx.AsyncClient
) -> None:
    async def ask(number: int) -> None:
        """Past httpx, which takes longer than the service."""
        host = (b"host", b"host-%d.test" % number)
        path = f"/api/things/{number}" if number % 2 else f"/nowhere/{number}"
        method = "GET" if number % 3 else f"METHOD{number}"
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": [host],
            "client": ("127.0.0.1", 1), "server": ("test", 80), "app": app,
        }  # fmt: skip
        await app(scope, receive, send)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_message: Message) -> None:
        """Nobody looks at it."""

    def series() -> int:
        return sum(
            len(family.samples) for family in REGISTRY.collect() if family.name.startswith("http_request")
        )

    for number in range(6):
        await ask(number)
    before = series()
    for number in range(10_000):
        await ask(number)
    assert series() == before
