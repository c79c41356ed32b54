"""The gateway under test: one of the suite's own, KONG_IMAGE where SUITE_AGAINST=kong, or the one at GATEWAY_URL.

For a gateway that somebody else runs (a real Kong, say), GATEWAY_SETTINGS names a JSON file. With {"config": PATH,
"reload": COMMAND, "services": {NAME: PORT, ...}, "redis": URL} the suite starts its services at these ports, writes the
rendered file there and runs the command whenever it has changed: so every test runs. "redis" is where that gateway
counts (redis://127.0.0.1:6379/0); left out, it is what kong.yml says.
Without "reload" the file tells what the suite cannot know: {"keys": {kid: private PEM}, "origin": ...,
"user_limit": ..., "login_limit": ...}; then the upstreams must be the echo services (`python -m tests.gateway.echo`),
and tests that stop services or rotate keys are skipped.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import not_run
from tests.gateway.kong import KongContainer, RemoteGateway, kong_image
from tests.gateway.local import LIMIT_SCALE, ORIGINS, LocalGateway, from_address, new_signer
from tests.gateway.tokens import Signer

USER_LIMIT, LOGIN_LIMIT = 600, 120
"""Requests a minute, as kong.yml has them."""
_addresses = count(1)


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
    """The gateway which tests may reload and whose services they may stop."""
    own = _gateway(tmp_path_factory.mktemp("gateway"))
    try:
        own.start()
        yield own
    finally:
        own.stop()


def _gateway(folder: Path) -> LocalGateway:
    if url := os.environ.get("GATEWAY_URL"):
        settings = _settings()
        if "reload" not in settings:
            pytest.skip("the gateway at GATEWAY_URL is somebody else's: nothing is stopped or reloaded there")
        file, command = Path(settings["config"]), settings["reload"]
        remote = {
            "address": url.rstrip("/"),
            "file": file,
            "reload_command": command,
            "ports": settings["services"],
            "redis": settings.get("redis"),
        }
        return RemoteGateway(folder, new_signer(), **remote)
    if os.environ.get("SUITE_AGAINST") == "kong":
        return KongContainer(folder, new_signer(), image=os.environ["KONG_IMAGE"])
    return LocalGateway(folder, new_signer())


def _settings() -> dict[str, Any]:
    path = os.environ.get("GATEWAY_SETTINGS")
    settings: dict[str, Any] = json.loads(Path(path).read_text()) if path else {}
    return settings


@pytest.fixture(scope="session")
def gateway(request: pytest.FixtureRequest) -> Gateway:
    """The gateway under test."""
    url, settings = os.environ.get("GATEWAY_URL"), _settings()
    if not url or "reload" in settings:
        own: LocalGateway = request.getfixturevalue("own_gateway")
        limits = (round(USER_LIMIT * LIMIT_SCALE), round(LOGIN_LIMIT * LIMIT_SCALE))
        return Gateway(own.url, own.signer, ORIGINS[0], *limits)
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


@pytest.fixture
def poller(gateway_url: str) -> Iterator[httpx.Client]:
    """A client at an address that no other test uses: who asks until something happens spends nobody else's limit."""
    with from_address(gateway_url, f"127.0.2.{next(_addresses)}") as client:
        yield client


@pytest.fixture(scope="session")
def client(gateway_url: str) -> Iterator[httpx.Client]:
    """A client from this machine's usual address; one for all, as making one costs more than a test."""
    with httpx.Client(base_url=gateway_url, timeout=20) as client:
        yield client


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The tests of Kong itself are listed by name where there is none."""
    kong = [item for item in items if item.path.name == "test_kong.py"]
    if (
        kong
        and "not containers" not in config.option.markexpr
        and not (os.environ.get("GATEWAY_URL") or kong_image())
    ):
        not_run.leave_out(config, items, kong, "Kong: give KONG_IMAGE, or GATEWAY_URL for one that runs")
