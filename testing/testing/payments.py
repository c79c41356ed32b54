"""The payment sandbox for tests, as the real HTTP server that it is; and fixtures, which a conftest imports."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from fakes.payments.app import SandboxSettings, create_sandbox
from fakes.payments.webhooks import signature
from shared.payments.stripe_provider import StripeProvider
from shared.schemas.json import dumps
from shared.tls import empty_context
from testing.serving import bound_socket, serving

API_KEY: Final = "sk_test_of_the_tests"
WEBHOOK_SECRET: Final = "whsec_of_the_tests_and_of_nothing_else"  # noqa: S105  # opens nothing but a sandbox of a test


@dataclass(frozen=True, slots=True)
class SandboxServer:
    """A running sandbox. Its hooks are under `{url}/_sandbox/`."""

    url: str
    api_key: str = API_KEY
    webhook_secret: str = WEBHOOK_SECRET

    def provider(self, **options: float) -> StripeProvider:
        """A provider that talks to it; the caller closes it. `options` are StripeProvider's timeout, total, retries."""
        return StripeProvider(
            api_url=self.url,
            secret_key=self.api_key,
            webhook_secret=self.webhook_secret,
            **options,  # type: ignore[arg-type]  # `retries` is an int, which **options cannot say
        )


@contextmanager
def running_sandbox(data: Path, *, webhook_url: str | None = None) -> Iterator[SandboxServer]:
    """Runs a sandbox with its state in the file `data`; events go to `webhook_url`, or are only recorded."""
    with bound_socket() as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        settings = SandboxSettings(
            url=url, data=data, webhook_url=webhook_url, webhook_secret=WEBHOOK_SECRET, api_key=API_KEY
        )
        with serving(create_sandbox(settings), listener):
            yield SandboxServer(url)


def signed(event: dict[str, Any], secret: str) -> tuple[bytes, str]:
    """An event as the provider delivers it: the bytes, and the header Stripe-Signature."""
    payload = dumps(event)
    return payload, signature(payload, secret, int(time.time()))


@pytest.fixture(scope="session", name="shared_sandbox")
def running_for_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox") / "state.sqlite") as server:
        yield server


@pytest.fixture(name="http")
async def http_client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(verify=empty_context()) as client:
        yield client


@pytest.fixture(name="sandbox")
async def empty_sandbox(shared_sandbox: SandboxServer, http: httpx.AsyncClient) -> SandboxServer:
    """The sandbox, empty."""
    (await http.post(f"{shared_sandbox.url}/_sandbox/reset")).raise_for_status()
    return shared_sandbox


@pytest.fixture(name="provider")
async def stripe_provider(sandbox: SandboxServer) -> AsyncIterator[StripeProvider]:
    provider = sandbox.provider(timeout=2.0)
    yield provider
    await provider.close()


@pytest.fixture(name="customer")
async def provider_customer(provider: StripeProvider) -> str:
    return await provider.create_customer(
        user_id=7, email="k@example.com", name="김 철수", idempotency_key="customer-7"
    )


class Hooks:
    """The sandbox's hooks for tests."""

    def __init__(self, url: str, http: httpx.AsyncClient) -> None:
        self._url = url
        self._http = http

    async def order(self, **fault: Any) -> None:
        (await self._http.post(f"{self._url}/_sandbox/faults", json=fault)).raise_for_status()

    async def post(self, hook: str, /, **body: Any) -> httpx.Response:
        return await self._http.post(f"{self._url}/_sandbox/{hook}", json=body)

    async def listing(self, kind: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self._http.get(f"{self._url}/_sandbox/{kind}")).json()["data"]
        return found


@pytest.fixture(name="hooks")
def sandbox_hooks(sandbox: SandboxServer, http: httpx.AsyncClient) -> Hooks:
    return Hooks(sandbox.url, http)
