"""A new version gets the share of the requests that its weight gives it."""

from __future__ import annotations

from collections import Counter

import httpx

from tests.gateway.local import LocalGateway, wait_until

REQUESTS = 100


def answering(client: httpx.Client) -> str:
    """Which process answers a request for coocook."""
    return str(client.get("/api/coocook/chefs").json()["service"])


def test_weights_share_out_the_requests_and_weight_0_takes_a_version_out(
    own_gateway: LocalGateway, poller: httpx.Client
) -> None:
    canary = f"127.0.0.1:{own_gateway.ports['sns']}"  # any other process will do
    try:
        own_gateway.beside["coocook"] = f"@90,{canary}@10"
        own_gateway.reload()
        wait_until(lambda: answering(poller) == "sns")
        answers = Counter(answering(poller) for _ in range(REQUESTS))
        assert answers.keys() == {"coocook", "sns"}
        assert 5 <= answers["sns"] <= 15
        own_gateway.beside["coocook"] = f"@100,{canary}@0"
        own_gateway.reload()
        wait_until(lambda: Counter(answering(poller) for _ in range(10)) == {"coocook": 10})
    finally:
        own_gateway.beside.clear()
        own_gateway.reload()
