"""Platform on a test's database, with the payment sandbox behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from cryptography.fernet import Fernet

from shared.tls import empty_context
from stack.services import NAMES
from testing.payments import SandboxServer, running_sandbox

if TYPE_CHECKING:
    from shared.service import ServiceDefinition

SERVICE_SECRETS = {name: f"the-secret-of-{name}-in-these-tests-0123" for name in NAMES}


@pytest.fixture(scope="session")
def definition() -> ServiceDefinition:
    from platform_service.definition import definition

    return definition


@pytest.fixture(scope="session")
def encryption_key() -> str:
    return Fernet.generate_key().decode()


@pytest.fixture(scope="session")
def shared_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox") / "state.sqlite") as server:
        yield server


@pytest.fixture
def settings_overrides(shared_sandbox: SandboxServer, encryption_key: str) -> Mapping[str, Any]:
    """Hashes that cost little, since nearly every test logs in."""
    return {
        "service_secrets": SERVICE_SECRETS,
        "key_encryption_keys": encryption_key,
        "public_url": "http://shop.test",
        "stripe_api_url": shared_sandbox.url,
        "stripe_secret_key": shared_sandbox.api_key,
        "stripe_webhook_secret": shared_sandbox.webhook_secret,
        "hash_memory_kib": 64,
        "hash_time_cost": 1,
    }


@pytest.fixture(scope="session", autouse=True)
def cheap_signing_keys() -> Iterator[None]:
    """Every test's database gets a signing key; making or reading an RSA key takes longer than most tests do."""
    from platform_service.keys import service
    from shared.auth import tokens
    from shared.auth.keys import rsa_key

    pair = service.new_pair()
    patch = pytest.MonkeyPatch()
    patch.setattr(service, "new_pair", lambda: pair)
    patch.setattr(tokens, "rsa_key", cache(rsa_key))
    yield
    patch.undo()


@pytest.fixture
async def browser() -> AsyncIterator[httpx.AsyncClient]:
    """A client that speaks to the sandbox, as a browser and as a test's hand."""
    async with httpx.AsyncClient(timeout=10, verify=empty_context()) as client:
        yield client


@pytest.fixture
async def sandbox(shared_sandbox: SandboxServer, browser: httpx.AsyncClient) -> SandboxServer:
    """The sandbox, empty."""
    (await browser.post(f"{shared_sandbox.url}/_sandbox/reset")).raise_for_status()
    return shared_sandbox


@pytest.fixture
def service_headers() -> Callable[..., dict[str, str]]:
    """`service_headers("entitlements")`: the header with which coocook, or another, asks for that."""
    from shared.auth.service_tokens import issue_service_token

    def make(
        scope: str, caller: str = "coocook", *, target: str = "platform", secret: str | None = None
    ) -> dict[str, str]:
        secret = secret or SERVICE_SECRETS[caller]
        token = issue_service_token(caller=caller, target=target, secret=secret, scope=scope)
        return {"Authorization": f"Bearer {token}"}

    return make
