"""Every path of the contract reaches its service, and no other path reaches any."""

from __future__ import annotations

import json
from urllib.parse import unquote

import httpx
import pytest

from tests.gateway.contract import CLOSED, ENDPOINTS, PUBLIC, Endpoint
from tests.gateway.raw import send
from tests.gateway.tokens import Signer

NAMES = [f"{endpoint.method} {endpoint.path}" for endpoint in ENDPOINTS]
PRIVATE = [
    "/internal",
    "/internal/entitlements/1",
    "/metrics",
    "/docs",
    "/openapi.json",
    "/.well-known/jwks.json",
]
PRIVATE += ["/health/ready", "/health/live", "/health/serving", "/", "/api", "/api/"]
NEIGHBOURS = [
    "/api/snsx",
    "/api/snsx/posts",
    "/api/sns-autox",
    "/api/platformer",
    "/api/authx/login",
    "/api/coocooks",
]
NEIGHBOURS += [
    "/api/reviews",
    "/api/webapp-builders",
    "/API/coocook/chefs",
    "/x/api/coocook/chefs",
    "/healthx",
]


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=NAMES)
def test_every_path_of_the_contract_reaches_its_service(
    client: httpx.Client, signer: Signer, endpoint: Endpoint
) -> None:
    headers = {} if endpoint.public else signer.headers()
    answer = client.request(endpoint.method, endpoint.path, headers=headers)
    assert answer.status_code == 200
    seen = answer.json()
    assert (seen["service"], seen["method"], seen["path"]) == (
        endpoint.service,
        endpoint.method,
        endpoint.path,
    )


@pytest.mark.parametrize("endpoint", CLOSED, ids=[f"{e.method} {e.path}" for e in CLOSED])
def test_a_closed_path_asks_for_a_token(client: httpx.Client, endpoint: Endpoint) -> None:
    answer = client.request(endpoint.method, endpoint.path)
    assert answer.status_code == 401
    assert isinstance(answer.json()["error"], str)
    assert answer.json()["message"] == answer.json()["error"]


@pytest.mark.parametrize("endpoint", PUBLIC, ids=[f"{e.method} {e.path}" for e in PUBLIC])
def test_a_public_path_is_public_for_its_own_method_only(client: httpx.Client, endpoint: Endpoint) -> None:
    method = "DELETE"
    answer = client.request(method, endpoint.path)
    assert answer.status_code == (404 if endpoint.path == "/health" else 401)


def test_a_path_that_nobody_listed_is_closed(client: httpx.Client) -> None:
    assert client.get("/api/coocook/secrets").status_code == 401
    assert client.get("/api/coocook/chefs/7/earnings").status_code == 401
    assert client.get("/api/coocook").status_code == 401


def test_head_of_a_public_page_needs_no_token(client: httpx.Client) -> None:
    assert client.head("/api/coocook/chefs").status_code == 200


def test_the_query_does_not_disturb_routing(client: httpx.Client) -> None:
    answer = client.get("/api/coocook/chefs", params={"page": "2", "location": "/api/sns"})
    assert answer.json()["service"] == "coocook"


@pytest.mark.parametrize("path", [*PRIVATE, *NEIGHBOURS])
def test_other_paths_lead_nowhere(client: httpx.Client, signer: Signer, path: str) -> None:
    answer = client.get(path, headers=signer.headers())
    assert answer.status_code == 404
    assert isinstance(answer.json()["error"], str)
    assert answer.json()["message"] == answer.json()["error"]
    assert answer.headers["x-request-id"]


TRICKS = ["/api/coocook/../../internal", "//internal", "/api/coocook/%2e%2e/%2e%2e/internal", "/./internal"]
TRICKS += ["/api/coocook/chefs/../../../metrics", "/api/coocook/%2E%2E/../internal/x", "/health/../internal"]


@pytest.mark.parametrize("target", TRICKS)
def test_no_spelling_of_a_path_leads_inside(gateway_url: str, signer: Signer, target: str) -> None:
    answer = send(gateway_url, "GET", target, signer.headers().items())
    assert answer.status == 404


@pytest.mark.parametrize("target", ["/api/coocook/chefs/../bookings", "/api/coocook/chefs/%2e%2e/bookings"])
def test_a_detour_through_a_public_path_still_needs_a_token(gateway_url: str, target: str) -> None:
    assert send(gateway_url, "GET", target).status == 401


@pytest.mark.parametrize(
    "target", ["//api/coocook//chefs", "/api/./coocook/chefs", "/api/sns/../coocook/chefs"]
)
def test_a_path_is_tidied_before_it_is_matched(gateway_url: str, target: str) -> None:
    answer = send(gateway_url, "GET", target)
    assert answer.status == 200
    assert b'"/api/coocook/chefs"' in answer.body


def test_an_escaped_slash_stays_part_of_its_segment(gateway_url: str, signer: Signer) -> None:
    answer = send(gateway_url, "GET", "/api/coocook/bookings/a%2Fb", signer.headers().items())
    assert answer.status == 200
    assert b"/api/coocook/bookings/a%2Fb" in answer.body


@pytest.mark.parametrize("target", ["/api/coocook/chefs/7%2Fearnings", "/api/coocook/chefs/..%2Fbookings"])
def test_no_closed_path_hides_behind_an_escaped_slash(gateway_url: str, target: str) -> None:
    assert send(gateway_url, "GET", target).status == 401


@pytest.mark.parametrize("name", ["%ED%95%9C", "a%20b", "%22", "%C3%A9%7E", "%3C7%3E"])
def test_an_id_in_any_script_reaches_the_service_of_a_public_page(gateway_url: str, name: str) -> None:
    answer = send(gateway_url, "GET", f"/api/coocook/chefs/{name}/reviews")
    assert answer.status == 200
    assert unquote(json.loads(answer.body)["path"]) == unquote(f"/api/coocook/chefs/{name}/reviews")


@pytest.mark.parametrize("name", ["%2F", "%25", "%3F", "%23", "%252F", "%3a"])
def test_a_sign_that_means_something_in_an_address_is_no_id(gateway_url: str, name: str) -> None:
    assert send(gateway_url, "GET", f"/api/coocook/chefs/7{name}").status == 401


@pytest.mark.parametrize("name", ["%zz", "%", "%4", "%4g", "a%g1b", "%00"])
@pytest.mark.parametrize("path", ["/api/coocook/chefs/", "/api/coocook/bookings/", "/api/"])
def test_a_broken_escape_reaches_nobody(gateway_url: str, signer: Signer, path: str, name: str) -> None:
    answer = send(gateway_url, "GET", path + name, signer.headers().items())
    assert answer.status == 400
    assert isinstance(json.loads(answer.body)["error"], str)


def test_an_offer_to_change_the_protocol_is_ignored(client: httpx.Client) -> None:
    answer = client.get("/api/coocook/chefs", headers={"Connection": "Upgrade", "Upgrade": "websocket"})
    assert answer.status_code == 200
