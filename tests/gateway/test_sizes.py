"""How large a request may be."""

from collections.abc import Iterator

import httpx

from tests.gateway.tokens import Signer

LIMIT = 1_048_576


def test_a_body_of_one_megabyte_passes(client: httpx.Client, signer: Signer) -> None:
    answer = client.post("/api/coocook/bookings", content=b"x" * LIMIT, headers=signer.headers())
    assert answer.status_code == 200
    assert answer.json()["size"] == LIMIT


def test_one_byte_more_is_refused(client: httpx.Client, signer: Signer) -> None:
    answer = client.post("/api/coocook/bookings", content=b"x" * (LIMIT + 1), headers=signer.headers())
    assert answer.status_code == 413
    assert isinstance(answer.json()["error"], str)


def test_a_body_that_does_not_say_its_size_is_refused_too(client: httpx.Client, signer: Signer) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(32):
            yield b"x" * 65536

    answer = client.post("/api/coocook/bookings", content=pieces(), headers=signer.headers())
    assert answer.status_code == 413


def test_headers_beyond_reason_are_refused(client: httpx.Client) -> None:
    answer = client.get("/api/coocook/chefs", headers={"X-Long": "x" * 70_000})
    assert answer.status_code in (400, 431)
