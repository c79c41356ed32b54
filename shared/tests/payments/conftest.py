"""A running sandbox, and the provider that talks to it over HTTP."""

from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from shared.payments.provider import Checkout
from shared.payments.stripe_provider import StripeProvider
from shared.schemas.money import Money
from shared.testing.payments import SandboxServer, running_sandbox
from shared.trust import nobody

USD_29 = Money(Decimal("29.00"), "USD")


@pytest.fixture(scope="session")
def shared_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox") / "state.sqlite") as server:
        yield server


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(verify=nobody()) as client:
        yield client


@pytest.fixture
async def sandbox(shared_sandbox: SandboxServer, http: httpx.AsyncClient) -> SandboxServer:
    """The sandbox, empty."""
    (await http.post(f"{shared_sandbox.url}/_sandbox/reset")).raise_for_status()
    return shared_sandbox


@pytest.fixture
async def provider(sandbox: SandboxServer) -> AsyncIterator[StripeProvider]:
    provider = sandbox.provider(timeout=2.0)
    yield provider
    await provider.close()


@pytest.fixture
async def customer(provider: StripeProvider) -> str:
    return await provider.create_customer(
        user_id=7, email="k@example.com", name="김 철수", idempotency_key="customer-7"
    )


@pytest.fixture
async def checkout(provider: StripeProvider, customer: str) -> Checkout:
    return await provider.create_checkout(
        customer=customer,
        product_name="CooCook",
        price=USD_29,
        interval="month",
        metadata={"user_id": "7", "product": "coocook"},
        success_url="http://shop.test/success?session_id={CHECKOUT_SESSION_ID}",
        cancel_url="http://shop.test/cancel",
        idempotency_key="checkout-7",
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


@pytest.fixture
def hooks(sandbox: SandboxServer, http: httpx.AsyncClient) -> Hooks:
    return Hooks(sandbox.url, http)
