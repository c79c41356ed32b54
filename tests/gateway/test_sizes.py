"""How large a request may be."""

from __future__ import annotations

import contextlib
import http.client
import json
import select
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from tests.gateway.raw import send
from tests.gateway.tokens import Signer

LIMIT = 1_048_576
MUCH = 32 * LIMIT


def test_a_body_of_one_megabyte_passes(client: httpx.Client, signer: Signer) -> None:
    answer = client.post("/api/coocook/bookings", content=b"x" * LIMIT, headers=signer.headers())
    assert answer.status_code == 200
    assert answer.json()["size"] == LIMIT


def test_one_byte_more_is_refused(client: httpx.Client, signer: Signer) -> None:
    answer = client.post("/api/coocook/bookings", content=b"x" * (LIMIT + 1), headers=signer.headers())
    assert answer.status_code == 413
    assert isinstance(answer.json()["error"], str)
    assert answer.json()["message"] == answer.json()["error"]


def test_a_body_that_does_not_say_its_size_is_refused_too(client: httpx.Client, signer: Signer) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(32):
            yield b"x" * 65536

    answer = client.post("/api/coocook/bookings", content=pieces(), headers=signer.headers())
    assert answer.status_code == 413


@pytest.mark.parametrize("target", ["/api/auth/login", "/api/coocook/bookings"])
def test_a_body_that_goes_on_and_on_is_not_read_to_its_end(
    gateway_url: str, signer: Signer, target: str
) -> None:
    """A Kong without a limit of its nginx wrote 400 MB to its disk before it said 413."""
    sent, answer = 0, b""
    with connected(gateway_url) as connection:
        connection.sendall(head(target, "Transfer-Encoding: chunked", authorization(signer)))
        with contextlib.suppress(ConnectionError):
            while not answer and sent < MUCH:
                connection.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
                sent += 65536
                if select.select([connection], [], [], 0)[0]:
                    answer = connection.recv(65536)
    assert sent < MUCH
    assert not answer or answer.startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("target", ["/api/auth/refresh", "/api/coocook/bookings"])
@pytest.mark.parametrize("chunk", [b"zz\r\nabc\r\n", b"-1\r\n"])
def test_a_broken_chunk_is_answered_in_our_words(
    gateway_url: str, signer: Signer, target: str, chunk: bytes
) -> None:
    with connected(gateway_url) as connection:
        connection.sendall(head(target, "Transfer-Encoding: chunked", authorization(signer)) + chunk)
        status, body = received(connection)
    assert status == 400
    assert isinstance(json.loads(body)["error"], str)


def test_what_the_gateway_cannot_do_is_called_so(gateway_url: str) -> None:
    with connected(gateway_url) as connection:
        connection.sendall(head("/api/auth/refresh", "Transfer-Encoding: rot13"))
        status, body = received(connection)
    assert (status, json.loads(body)["title"]) == (501, "Not Implemented")


LONG = 24 * 1024
"""Of the 32 KB that an address and all headers may have together."""


def test_a_long_address_and_a_long_header_pass(client: httpx.Client) -> None:
    assert client.get("/api/coocook/chefs", params={"location": "x" * LONG}).status_code == 200
    answer = client.get("/api/coocook/chefs", headers={"X-Long": "x" * LONG})
    assert len(answer.json()["headers"]["x-long"]) == LONG


def test_headers_and_addresses_beyond_reason_are_refused(gateway_url: str) -> None:
    for target, headers in (("?q=" + "x" * 70_000, []), ("", [("X-Long", "x" * 70_000)])):
        answer = send(gateway_url, "GET", f"/api/coocook/chefs{target}", headers)
        assert answer.status in (400, 414, 431)
        assert isinstance(json.loads(answer.body)["error"], str)


def connected(url: str) -> socket.socket:
    """A connection on which anything may be said."""
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname or "", parts.port or 80), timeout=20)


def head(target: str, *lines: str) -> bytes:
    """A POST's head."""
    return "\r\n".join(
        [f"POST {target} HTTP/1.1", "Host: gateway", "Connection: close", *lines, "", ""]
    ).encode()


def authorization(signer: Signer) -> str:
    """The header as a line."""
    return f"Authorization: {signer.headers()['Authorization']}"


def received(connection: socket.socket) -> tuple[int, bytes]:
    """Status and body of the answer."""
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    return answer.status, answer.read()
