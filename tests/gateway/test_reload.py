"""Keys and addresses change while the gateway runs, and nobody's request fails."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.gateway.local import LocalGateway, from_address, wait_until
from tests.gateway.tokens import new_key

CLOSED_PATH = "/api/platform/dashboard"


@contextmanager
def steady_requests(gateway: LocalGateway, statuses: list[object]) -> Iterator[None]:
    """Somebody keeps asking, on connections that stay open."""
    over = threading.Event()

    def ask() -> None:
        with from_address(gateway.url, "127.0.0.41") as client:
            while not over.is_set():
                try:
                    statuses.append(
                        client.get("/api/platform/products", params={"status": "299"}).status_code
                    )
                except httpx.TransportError as error:
                    statuses.append(error)
                over.wait(0.05)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def status(gateway: LocalGateway, kid: str) -> int:
    """How a token of this key fares, on a connection of its own."""
    return httpx.get(gateway.url + CLOSED_PATH, headers=gateway.signer.headers(kid=kid)).status_code


def test_keys_rotate_while_requests_flow(own_gateway: LocalGateway) -> None:
    keys, kept = own_gateway.signer.keys, dict(own_gateway.signer.keys)
    oldest = next(iter(keys))
    statuses: list[object] = []
    try:
        with steady_requests(own_gateway, statuses):
            keys["2027-01"] = new_key()
            assert status(own_gateway, "2027-01") == 401
            own_gateway.reload()
            wait_until(lambda: status(own_gateway, "2027-01") == 200)
            assert status(own_gateway, oldest) == 200
            retired = own_gateway.signer.headers(kid=oldest)
            del keys[oldest]
            own_gateway.reload()
            wait_until(lambda: httpx.get(own_gateway.url + CLOSED_PATH, headers=retired).status_code == 401)
            assert status(own_gateway, "2027-01") == 200
    finally:
        keys.clear()
        keys.update(kept)
        own_gateway.reload()
        wait_until(lambda: status(own_gateway, oldest) == 200)
    assert statuses
    assert set(statuses) == {299}


def test_an_open_connection_sees_the_new_keys(own_gateway: LocalGateway) -> None:
    keys = own_gateway.signer.keys
    with httpx.Client(base_url=own_gateway.url, timeout=10) as client:
        assert client.get("/api/coocook/chefs").status_code == 200
        keys["2027-02"] = new_key()
        try:
            own_gateway.reload()
            wait_until(
                lambda: (
                    client.get(CLOSED_PATH, headers=own_gateway.signer.headers(kid="2027-02")).status_code
                    == 200
                )
            )
        finally:
            del keys["2027-02"]
            own_gateway.reload()
