"""One trace of what one request sets off, in every process that has to do with it."""

from __future__ import annotations

import secrets
from typing import Any

import httpx
import pytest

from testing.otlp import Collector, Received
from testing.polling import eventually

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]
PASSWORD = "correct horse battery 42"


@pytest.fixture
async def anybody(stack: Any) -> Any:
    async with httpx.AsyncClient(base_url=stack.gateway, timeout=20) as client:
        yield client


async def registered(anybody: httpx.AsyncClient) -> tuple[dict[str, str], int, str]:
    """The headers of a new user, their id and their address."""
    email = f"trace-{secrets.token_hex(6)}@example.com"
    answer = await anybody.post(
        "/api/auth/register", json={"email": email, "password": PASSWORD, "name": "Tracy"}
    )
    answer.raise_for_status()
    tokens = answer.json()
    return {"Authorization": f"Bearer {tokens['access_token']}"}, tokens["user"]["id"], email


async def trace_of(collector: Collector, request_id: str, *wanted: tuple[str, str, int]) -> list[Received]:
    """The spans of the request's trace, once all have come: of a service, by the beginning of a name, so many."""

    async def come() -> list[Received]:
        ids = {s.trace_id for s in collector.spans if s.attributes.get("request.id") == request_id}
        found = [s for trace_id in ids for s in collector.trace(trace_id)]
        for service, name, count in wanted:
            assert sum(s.service == service and s.name.startswith(name) for s in found) >= count, (
                service,
                name,
            )
        return found

    return await eventually(come, within=30)


def one(spans: list[Received], service: str, name: str) -> Received:
    (span,) = [s for s in spans if (s.service, s.name) == (service, name)]
    return span


async def test_a_deleted_account_is_one_trace_from_the_gateway_to_another_service_s_job(
    anybody: httpx.AsyncClient, collector: Collector
) -> None:
    headers, user_id, email = await registered(anybody)
    request = {**headers, "X-Request-ID": f"trace-{secrets.token_hex(8)}"}
    sent = {"baggage": "from=outside", "traceparent": "00-not-a-trace-01"}
    answer = await anybody.request(
        "DELETE", "/api/auth/me", json={"password": PASSWORD}, headers={**request, **sent}
    )
    assert answer.status_code == 200, answer.text
    handling = "handle user.deleted"
    spans = await trace_of(
        collector,
        request["X-Request-ID"],
        ("gateway", "DELETE", 1),
        ("platform", "DELETE", 1),
        ("review-worker", handling, 1),
        ("sns-worker", handling, 1),
        ("sns-worker", "run users.erase", 1),
    )

    gateway = one(spans, "gateway", "DELETE platform-closed")
    server = one(spans, "platform", "DELETE /api/auth/me")
    published = one(spans, "platform", "publish user.deleted")
    handled = one(spans, "sns-worker", handling)
    enqueued = one(spans, "sns-worker", "enqueue users.erase")
    ran = one(spans, "sns-worker", "run users.erase")
    chain = [gateway, server, published, handled, enqueued, ran]
    assert [span.parent_id for span in chain] == ["", *(span.span_id for span in chain[:-1])]
    assert [span.kind for span in chain] == [
        "server",
        "server",
        "producer",
        "consumer",
        "producer",
        "consumer",
    ]
    assert one(spans, "review-worker", handling).parent_id == published.span_id
    assert server.attributes["user.id"] == user_id

    statements = [s for s in spans if s.attributes.get("db.system.name") == "postgresql"]
    assert {s.parent_id for s in statements} <= {server.span_id, handled.span_id, ran.span_id} | {
        s.span_id for s in spans if s.kind == "consumer"
    }
    assert [s for s in statements if s.parent_id == server.span_id]
    assert [s for s in statements if s.parent_id == ran.span_id]
    assert [s for s in spans if s.attributes.get("db.system.name") == "redis"]
    said = repr(spans)
    assert not [word for word in (email, "Tracy", PASSWORD, "INSERT", "outside") if word in said]


async def test_a_call_between_services_is_a_span_on_both_sides(
    anybody: httpx.AsyncClient, collector: Collector
) -> None:
    """Who has not subscribed is refused after platform was asked."""
    headers, _, _ = await registered(anybody)
    request_id = f"trace-{secrets.token_hex(8)}"
    answer = await anybody.get("/api/coocook/bookings", headers={**headers, "X-Request-ID": request_id})
    assert answer.status_code == 403
    # Platform is asked for its keys, unless they are known, and for the entitlement.
    spans = await trace_of(
        collector, request_id, ("gateway", "GET", 1), ("coocook", "GET /api", 1), ("platform", "GET", 1)
    )
    asked = sum((s.service, s.name) == ("coocook", "GET platform") for s in spans)
    spans = await trace_of(collector, request_id, ("platform", "GET /", asked))
    server = one(spans, "coocook", "GET /api/coocook/bookings")
    calls = [s for s in spans if (s.service, s.name) == ("coocook", "GET platform")]
    assert {(call.kind, call.parent_id) for call in calls} == {("client", server.span_id)}
    answers = [s for s in spans if s.service == "platform" and s.kind == "server"]
    assert sorted(s.parent_id for s in answers) == sorted(call.span_id for call in calls)
    assert answer.json()["trace_id"] == server.trace_id
