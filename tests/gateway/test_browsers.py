"""What browsers of other sites may do."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from gateway.__main__ import COMMITTED
from gateway.document import read_document
from tests.conftest import ROOT
from tests.gateway.conftest import Gateway
from tests.gateway.tokens import Signer

ASK = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,idempotency-key",
}
PROVIDERS = {"Stripe-Signature"}
"""Sent by other people's servers, never by a browser."""


def documented_headers() -> list[str]:
    """Request headers that docs/api names, of any endpoint of any service."""
    found: set[str] = {"Authorization", "Content-Type"}
    for path in (ROOT / "docs" / "api").glob("*.json"):
        collect(json.loads(path.read_text()), found)
    return sorted(found - PROVIDERS)


def collect(part: Any, found: set[str]) -> None:
    """Adds the names of every parameter that is a header."""
    if isinstance(part, dict):
        if part.get("in") == "header" and "name" in part:
            found.add(part["name"])
        part = list(part.values())
    if isinstance(part, list):
        for inner in part:
            collect(inner, found)


STRANGERS = ["https://evil.example", "http://localhost:3000.evil.example", "null", "http://localhost:30001"]


@pytest.mark.parametrize(
    "path", ["/api/coocook/bookings", "/api/coocook/chefs", "/api/auth/login", "/health"]
)
def test_a_listed_origin_may_ask_first_without_a_token(
    gateway: Gateway, client: httpx.Client, path: str
) -> None:
    answer = client.options(path, headers={"Origin": gateway.origin, **ASK})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == gateway.origin
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert {"POST", "DELETE", "PUT"} <= set(
        answer.headers["access-control-allow-methods"].replace(" ", "").split(",")
    )
    allowed = answer.headers["access-control-allow-headers"].lower()
    assert all(
        name in allowed for name in ("authorization", "content-type", "idempotency-key", "if-none-match")
    )


@pytest.mark.parametrize("origin", STRANGERS)
@pytest.mark.parametrize("path", ["/api/coocook/bookings", "/api/coocook/chefs"])
def test_an_unlisted_origin_is_not_allowed(
    client: httpx.Client, signer: Signer, origin: str, path: str
) -> None:
    asked = client.options(path, headers={"Origin": origin, **ASK})
    told = client.get(path, headers={"Origin": origin, **signer.headers()})
    assert "service" not in asked.text
    assert "access-control-allow-origin" not in asked.headers
    assert "access-control-allow-origin" not in told.headers


def test_an_answer_may_be_read_with_its_headers(gateway: Gateway, client: httpx.Client) -> None:
    answer = client.get("/api/coocook/chefs", headers={"Origin": gateway.origin})
    assert answer.headers["access-control-allow-origin"] == gateway.origin
    exposed = answer.headers["access-control-expose-headers"].lower()
    assert all(
        name in exposed for name in ("x-request-id", "retry-after", "link", "etag", "idempotency-replayed")
    )
    assert answer.headers["vary"].replace(" ", "").split(",").count("Origin") == 1


@pytest.mark.parametrize("path", ["/api/coocook/bookings", "/nowhere"])
def test_an_error_of_the_gateway_may_be_read_too(gateway: Gateway, client: httpx.Client, path: str) -> None:
    answer = client.get(path, headers={"Origin": gateway.origin})
    assert answer.status_code in (401, 404)
    assert answer.headers["access-control-allow-origin"] == gateway.origin


def test_a_preflight_to_nowhere_is_told_so(gateway: Gateway, client: httpx.Client) -> None:
    for path in ("/nowhere", "/api", "/health/ready"):
        answer = client.options(path, headers={"Origin": gateway.origin, **ASK})
        assert answer.status_code == 404


@pytest.mark.parametrize("name", documented_headers())
def test_a_header_that_an_endpoint_takes_passes_preflight(
    gateway: Gateway, client: httpx.Client, name: str
) -> None:
    asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": name.lower()}
    answer = client.options("/api/ai-automation/plans", headers={"Origin": gateway.origin, **asked})
    allowed = answer.headers["access-control-allow-headers"].lower().replace(" ", "").split(",")
    assert name.lower() in allowed


def test_the_frontends_of_developers_are_let_in_and_nobody_else() -> None:
    (cors,) = (plugin for plugin in read_document(COMMITTED).data["plugins"] if plugin["name"] == "cors")
    ports = (3000, 5000, 5173, 8000, 8080)
    assert set(cors["config"]["origins"]) == {
        f"http://{host}:{port}" for host in ("localhost", "127.0.0.1") for port in ports
    }


def test_options_without_a_question_needs_a_token(client: httpx.Client) -> None:
    assert client.options("/api/coocook/bookings").status_code == 401
