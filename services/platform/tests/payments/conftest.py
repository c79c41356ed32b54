"""A shop with a product, a customer who is logged in, and the provider's sandbox behind it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from platform_service.payments.models import WebhookEvent
from platform_service.settings import PlatformSettings
from services.platform.tests.factories import make_product, registered
from shared.db.database import Database
from shared.payments.provider import PaymentProvider
from shared.runtime import Runtime
from testing.payments import SandboxServer, signed

CARD = "4242424242424242"


@dataclass
class Shop:
    """What a test of payments needs in hand."""

    client: httpx.AsyncClient
    database: Database
    browser: httpx.AsyncClient
    sandbox: SandboxServer
    product: int
    user_id: int
    headers: dict[str, str]
    reported: set[str] = field(default_factory=set)

    @property
    def state(self) -> Any:
        """The app's: where its resources are."""
        return self.client._transport.app.state  # type: ignore[attr-defined]

    @property
    def runtime(self) -> Runtime:
        """That of the app."""
        found: Runtime = self.state.runtime
        return found

    @property
    def settings(self) -> PlatformSettings:
        """Those of the app."""
        found: PlatformSettings = self.runtime.settings
        return found

    @property
    def provider(self) -> PaymentProvider:
        """Who charges cards."""
        found: PaymentProvider = self.state.payments
        return found

    async def checkout(self, **body: Any) -> httpx.Response:
        """Ask for a checkout of the product."""
        wanted = {"product_id": self.product, **body}
        return await self.client.post("/api/payment/checkout", json=wanted, headers=self.headers)

    async def open_page(self, **body: Any) -> str:
        """The id of a new checkout, of which the user sees the page."""
        answer = await self.checkout(**body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["checkout_url"].rpartition("/")[2])

    async def pay(self, session_id: str) -> None:
        """Press the button on the page; the browser is then sent to the success page, and does not arrive."""
        page = f"{self.sandbox.url}/checkout/{session_id}"
        answer = await self.browser.post(page, data={"action": "pay", "card": CARD})
        assert answer.status_code in {302, 303}, answer.text
        assert answer.headers["location"] == f"http://shop.test/api/payment/success?session_id={session_id}"

    async def come_back(self, session_id: str) -> httpx.Response:
        """Load the success page."""
        return await self.client.get("/api/payment/success", params={"session_id": session_id})

    async def subscribe(self, **body: Any) -> str:
        """Check out, pay, come back; the checkout's id."""
        session_id = await self.open_page(**body)
        await self.pay(session_id)
        assert (await self.come_back(session_id)).status_code == 200
        return session_id

    async def events(self) -> list[dict[str, Any]]:
        """What the provider has to report, the oldest first."""
        answer = await self.browser.get(f"{self.sandbox.url}/_sandbox/events")
        return list(reversed(answer.json()["data"]))

    async def report(self) -> None:
        """Have the provider deliver what it has not reported yet."""
        new = [event for event in await self.events() if event["id"] not in self.reported]
        for event in new:
            answer = await self.deliver(event)
            assert answer.status_code == 200, answer.text
            self.reported.add(event["id"])

    async def deliver(self, event: dict[str, Any]) -> httpx.Response:
        """Deliver an event, signed as the provider signs."""
        payload, signature = signed(event, self.sandbox.webhook_secret)
        return await self.client.post(
            "/api/payment/webhook", content=payload, headers={"Stripe-Signature": signature}
        )

    async def outcomes(self, *types: str) -> list[str]:
        """What became of the events of these types."""
        async with self.database.read(fresh=True) as connection:
            found = select(WebhookEvent.outcome).where(WebhookEvent.type.in_(types))
            return list(await connection.scalars(found))

    async def order(self, hook: str, **body: Any) -> Any:
        """Use one of the sandbox's hooks for tests."""
        answer = await self.browser.post(f"{self.sandbox.url}/_sandbox/{hook}", json=body)
        answer.raise_for_status()
        return answer.json()

    async def listing(self, kind: str) -> list[dict[str, Any]]:
        """What the provider has: subscriptions, refunds, invoices."""
        found: list[dict[str, Any]] = (await self.browser.get(f"{self.sandbox.url}/_sandbox/{kind}")).json()[
            "data"
        ]
        return found

    async def get(self, path: str) -> Any:
        """An answer's JSON."""
        answer = await self.client.get(path, headers=self.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
async def shop(
    committed_client: httpx.AsyncClient,
    committed_db: Database,
    browser: httpx.AsyncClient,
    sandbox: SandboxServer,
) -> Shop:
    product = await make_product(committed_db, "coocook")
    made = await registered(committed_client)
    return Shop(
        committed_client, committed_db, browser, sandbox, product, made["user"]["id"], made["headers"]
    )


async def run_jobs(shop: Shop) -> None:
    """What the worker would do."""
    from platform_service.worker import build_jobs
    from shared.jobs.worker import drain

    jobs = build_jobs(shop.provider, shop.state.session_revoker, grace=shop.settings.subscription_grace)
    await drain(jobs, shop.runtime)
