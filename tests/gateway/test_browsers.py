"""What browsers of other sites may do."""

import httpx
import pytest

from tests.gateway.conftest import Gateway
from tests.gateway.tokens import Signer

ASK = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,idempotency-key",
}
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
    assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize("path", ["/api/coocook/bookings", "/nowhere"])
def test_an_error_of_the_gateway_may_be_read_too(gateway: Gateway, client: httpx.Client, path: str) -> None:
    answer = client.get(path, headers={"Origin": gateway.origin})
    assert answer.status_code in (401, 404)
    assert answer.headers["access-control-allow-origin"] == gateway.origin


def test_options_without_a_question_needs_a_token(client: httpx.Client) -> None:
    assert client.options("/api/coocook/bookings").status_code == 401
