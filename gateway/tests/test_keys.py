"""The signing keys as platform publishes them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.errors import GatewayError
from gateway.keys import fetch_keys, jwk, require_public_key
from testing.serving import bound_socket, serving


def publishing(body: bytes, status: int = 200) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": status, "headers": []})
            await send({"type": "http.response.body", "body": body})

    return app


def fetched(body: bytes, status: int = 200) -> dict[str, str]:
    with bound_socket() as listener, serving(publishing(body, status), listener) as url:
        return fetch_keys(f"{url}/.well-known/jwks.json")


def test_published_keys_are_the_exported_ones(pem: str) -> None:
    others = {"kty": "EC", "kid": "b", "use": "sig"}
    assert fetched(json.dumps({"keys": [jwk("a", pem), others]}).encode()) == {
        "a": require_public_key("a", pem)
    }


WITHOUT_NUMBERS = b'{"keys": [{"kty": "RSA", "use": "sig", "kid": "a"}]}'


@pytest.mark.parametrize("body", [b"", b"[]", b'{"keys": [{}]}', WITHOUT_NUMBERS])
def test_what_is_no_key_set_is_refused_by_its_address(body: bytes) -> None:
    with pytest.raises(GatewayError, match=r"jwks.json: did not return a key set"):
        fetched(body)


def test_a_platform_that_is_away_is_named() -> None:
    with pytest.raises(GatewayError, match="cannot be fetched"):
        fetched(b"{}", 503)
    with pytest.raises(GatewayError, match="http or https"):
        fetch_keys("file:///keys.json")
