"""The gateway under test: the one at GATEWAY_URL, or one of the suite's own.

For a gateway that somebody else runs (a real Kong, say), GATEWAY_SETTINGS names a JSON file that tells what the suite
cannot know: {"keys": {kid: private PEM}, "origin": ..., "user_limit": ..., "login_limit": ...}. Its upstreams must be
the echo services (`python -m tests.gateway.echo`). Tests that stop services or rotate keys are then skipped.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.gateway.local import LIMIT_SCALE, ORIGINS, LocalGateway, local_gateway
from tests.gateway.tokens import Signer

USER_LIMIT, LOGIN_LIMIT = 600, 120
"""Requests a minute, as kong.yml has them."""


@dataclass(frozen=True)
class Gateway:
    """The gateway's address, and what the tests have to know about it."""

    url: str
    signer: Signer
    origin: str
    user_limit: int
    login_limit: int


@pytest.fixture(scope="session")
def own_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalGateway]:
    """The suite's own gateway, which tests may reload and whose services they may stop."""
    if os.environ.get("GATEWAY_URL"):
        pytest.skip("the gateway at GATEWAY_URL is somebody else's: nothing is stopped or reloaded there")
    own = local_gateway(tmp_path_factory.mktemp("gateway"))
    try:
        own.start()
        yield own
    finally:
        own.stop()


@pytest.fixture(scope="session")
def gateway(request: pytest.FixtureRequest) -> Gateway:
    """The gateway under test."""
    url = os.environ.get("GATEWAY_URL")
    if not url:
        own: LocalGateway = request.getfixturevalue("own_gateway")
        limits = (round(USER_LIMIT * LIMIT_SCALE), round(LOGIN_LIMIT * LIMIT_SCALE))
        return Gateway(own.url, own.signer, ORIGINS[0], *limits)
    settings = json.loads(Path(os.environ["GATEWAY_SETTINGS"]).read_text())
    limits = (settings.get("user_limit", USER_LIMIT), settings.get("login_limit", LOGIN_LIMIT))
    return Gateway(url.rstrip("/"), Signer(settings["keys"]), settings["origin"], *limits)


@pytest.fixture(scope="session")
def gateway_url(gateway: Gateway) -> str:
    """Where the gateway listens."""
    return gateway.url


@pytest.fixture
def signer(gateway: Gateway) -> Signer:
    """Signs tokens that the gateway accepts."""
    return gateway.signer


@pytest.fixture(scope="session")
def client(gateway_url: str) -> Iterator[httpx.Client]:
    """A client from this machine's usual address; one for all, as making one costs more than a test."""
    with httpx.Client(base_url=gateway_url, timeout=20) as client:
        yield client
