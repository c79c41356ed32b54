"""What the gateway takes away from a request, and what it adds."""

from __future__ import annotations

import json

import httpx
import pytest

from tests.gateway.raw import send
from tests.gateway.tokens import Signer

CLAIMED = [
    "X-Consumer-ID",
    "X-Consumer-Username",
    "X-Consumer-Custom-ID",
    "X-Consumer-Groups",
    "X-User-Id",
    "X-User",
]
CLAIMED += [
    "X-Credential-Identifier",
    "X-Anonymous-Consumer",
    "X-Authenticated-Userid",
    "X-Authenticated-Scope",
]
CLAIMED += ["X-Internal-Token", "X-User-Role", "X-Admin", "x_user_id", "X_Consumer_Groups", "X-Jwt-Payload"]


@pytest.mark.parametrize("path", ["/api/coocook/chefs", "/api/coocook/bookings"])
@pytest.mark.parametrize("name", CLAIMED)
def test_nobody_claims_an_identity_by_a_header(
    gateway_url: str, signer: Signer, name: str, path: str
) -> None:
    answer = send(gateway_url, "GET", path, [*signer.headers().items(), (name, "spoofed-value")])
    assert answer.status == 200
    assert b"spoofed-value" not in answer.body


def test_ordinary_headers_pass(client: httpx.Client) -> None:
    sent = {"Idempotency-Key": "k-1", "If-None-Match": 'W/"x"', "X-Custom": "y", "Accept-Language": "ko"}
    seen = client.get("/api/coocook/chefs", headers=sent).json()["headers"]
    assert {name: seen[name.lower()] for name in sent} == sent


@pytest.mark.parametrize("name", ["traceparent", "tracestate", "baggage", "b3", "X-B3-Sampled"])
def test_nobody_outside_begins_a_trace(client: httpx.Client, name: str) -> None:
    """Nor has anything recorded by its flag. Here no collector is named: then the services decide."""
    sent = {name: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
    seen = client.get("/api/coocook/chefs", headers=sent).json()["headers"]
    assert name.lower() not in seen


def test_a_request_id_is_kept_and_told(client: httpx.Client) -> None:
    answer = client.get("/api/coocook/chefs", headers={"X-Request-ID": "from-the-client"})
    assert answer.headers["x-request-id"] == "from-the-client"
    assert answer.json()["headers"]["x-request-id"] == "from-the-client"


def test_a_request_without_an_id_is_given_one(client: httpx.Client) -> None:
    first, second = (client.get("/api/coocook/chefs") for _ in range(2))
    assert first.headers["x-request-id"] == first.json()["headers"]["x-request-id"]
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


@pytest.mark.parametrize("request_id", ["r-77", 'a"b', "a\\b c", "%s", "x" * 300])
@pytest.mark.parametrize("path", ["/nowhere", "/api/coocook/bookings"])
def test_an_error_of_the_gateway_names_the_request(client: httpx.Client, path: str, request_id: str) -> None:
    answer = client.get(path, headers={"X-Request-ID": request_id})
    assert answer.json()["request_id"] == answer.headers["x-request-id"] != ""


@pytest.mark.parametrize("path", ["/api/coocook/chefs", "/api/coocook/bookings", "/nowhere"])
def test_no_answer_tells_what_runs_here(client: httpx.Client, path: str) -> None:
    names = client.get(path).headers.keys()
    assert not {"server", "via", "x-powered-by"} & set(names)
    assert not [name for name in names if name.startswith(("x-kong-", "x-envoy-"))]


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
@pytest.mark.parametrize("path", ["/api/coocook/chefs", "/api/coocook/bookings"])
def test_a_cache_is_told_that_there_are_two_forms(
    client: httpx.Client, signer: Signer, path: str, encoding: str
) -> None:
    headers = {"Accept-Encoding": encoding, "X-Long": "x" * 400, **signer.headers()}
    assert "accept-encoding" in client.get(path, headers=headers).headers["vary"].lower()


def test_headers_for_one_connection_end_here(gateway_url: str) -> None:
    sent = [("Connection", "X-Hop"), ("X-Hop", "1"), ("X-Kept", "1")]
    seen = json.loads(send(gateway_url, "GET", "/api/coocook/chefs", sent).body)["headers"]
    assert "x-hop" not in seen
    assert seen["x-kept"] == "1"


def test_the_service_is_told_who_asked_and_for_which_host(client: httpx.Client) -> None:
    seen = client.get("/api/coocook/chefs", headers={"X-Forwarded-For": "203.0.113.9"}).json()["headers"]
    assert seen["x-forwarded-for"].startswith("203.0.113.9,")
    assert seen["x-real-ip"] != "203.0.113.9"
    assert seen["x-forwarded-proto"] == "http"
    assert seen["host"] == client.base_url.netloc.decode()


def test_answers_are_compressed_for_who_can_read_it(client: httpx.Client) -> None:
    packed = client.get("/api/coocook/chefs", headers={"Accept-Encoding": "gzip", "X-Long": "x" * 400})
    plain = client.get("/api/coocook/chefs", headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["etag"] == 'W/"v1"'
    assert "content-encoding" not in plain.headers
