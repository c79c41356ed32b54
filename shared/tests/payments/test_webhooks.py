"""Webhooks: what they say, and that they arrive in the end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shared.payments.provider import ProviderEvent
from shared.payments.stripe_provider import StripeProvider
from shared.schemas.money import Money
from testing import eventually
from testing.payments import WEBHOOK_SECRET, SandboxServer, running_sandbox
from testing.serving import bound_socket, serving


@dataclass
class Receiver:
    """Our webhook endpoint: fails `failures` times, then takes what comes and is well signed."""

    provider: StripeProvider = field(default_factory=lambda: parser())
    failures: int = 0
    events: list[ProviderEvent] = field(default_factory=list)

    async def __call__(self, request: Request) -> Response:
        if self.failures:
            self.failures -= 1
            return Response(status_code=500)
        self.events.append(
            self.provider.parse_webhook(await request.body(), request.headers.get("Stripe-Signature"))
        )
        return Response()

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]


def parser() -> StripeProvider:
    return StripeProvider(api_url="http://127.0.0.1:9", secret_key="sk_test_x", webhook_secret=WEBHOOK_SECRET)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    yield receiver
    await receiver.provider.close()


@pytest.fixture
def endpoint(receiver: Receiver) -> Iterator[str]:
    app = Starlette(routes=[Route("/webhook", receiver.__call__, methods=["POST"])])
    with bound_socket() as listener, serving(app, listener) as url:
        yield f"{url}/webhook"


@pytest.fixture
def sandbox(endpoint: str, tmp_path: Path) -> Iterator[SandboxServer]:
    with running_sandbox(tmp_path / "state.sqlite", webhook_url=endpoint) as server:
        yield server


async def came(receiver: Receiver, count: int) -> None:
    async def probe() -> bool:
        return len(receiver.events) >= count

    await eventually(probe)


async def test_paying_is_announced_before_the_browser_is_sent_back(
    http: httpx.AsyncClient, receiver: Receiver, checkout: Any, customer: str
) -> None:
    await http.post(checkout.url, data={"action": "pay", "card": "4242424242424242"})
    assert sorted(receiver.kinds()) == ["checkout_completed", "invoice_paid", "subscription_changed"]
    by_kind = {event.kind: event.data for event in receiver.events}
    completed, invoice, changed = (
        by_kind["checkout_completed"],
        by_kind["invoice_paid"],
        by_kind["subscription_changed"],
    )
    assert (completed.checkout, completed.paid, completed.amount) == (
        checkout.id,
        True,
        Money(Decimal("29.00"), "USD"),
    )
    assert completed.payment == invoice.payment, "both name the payment that the ledger is kept by"
    assert completed.subscription == invoice.subscription == changed.subscription
    assert (
        completed.metadata == invoice.metadata == changed.metadata == {"user_id": "7", "product": "coocook"}
    )
    assert (invoice.paid, invoice.amount) == (True, Money(Decimal("29.00"), "USD"))
    assert changed.active is True
    assert invoice.period_end == changed.period_end is not None
    assert completed.customer == customer


async def test_a_webhook_that_failed_comes_again(
    http: httpx.AsyncClient, receiver: Receiver, checkout: Any
) -> None:
    receiver.failures = 4
    await http.post(checkout.url, data={"action": "pay", "card": "4242424242424242"})
    await came(receiver, 3)
    assert len({event.id for event in receiver.events}) == 3


async def test_what_was_not_delivered_survives_a_restart(
    http: httpx.AsyncClient, receiver: Receiver, endpoint: str, tmp_path: Path
) -> None:
    state = tmp_path / "survivor.sqlite"
    with running_sandbox(state, webhook_url="http://127.0.0.1:9/nobody") as before:
        provider = before.provider()
        made = await provider.charge(
            amount=Money(Decimal(5), "USD"),
            customer="cus_demo_1",
            description="",
            metadata={},
            idempotency_key="k",
        )
        await provider.close()
    with running_sandbox(state, webhook_url=endpoint) as after:
        await came(receiver, 1)
        provider = after.provider()
        assert await provider.find_charge(customer="cus_demo_1", idempotency_key="k") == made
        await provider.close()


async def test_a_test_may_hold_reorder_and_repeat_events(
    http: httpx.AsyncClient, receiver: Receiver, checkout: Any, hooks: Any
) -> None:
    await hooks.post("webhooks", held=True)
    await http.post(checkout.url, data={"action": "pay", "card": "4242424242424242"})
    assert receiver.events == []
    recorded = await hooks.listing("events")
    for count, event in enumerate([recorded[0], recorded[-1], recorded[0]], start=1):
        assert (await hooks.post(f"events/{event['id']}/send")).status_code == 202
        await came(receiver, count)
    assert receiver.kinds() == ["checkout_completed", "subscription_changed", "checkout_completed"]
    assert receiver.events[0] == receiver.events[2]


async def test_a_renewal_is_an_invoice_and_a_longer_period(
    http: httpx.AsyncClient, receiver: Receiver, provider: StripeProvider, checkout: Any, hooks: Any
) -> None:
    await http.post(checkout.url, data={"action": "pay", "card": "4242424242424242"})
    before = await provider.get_checkout(checkout.id)
    assert before.subscription is not None
    assert before.period_end is not None
    receiver.events.clear()
    assert (await hooks.post(f"subscriptions/{before.subscription}/renew")).status_code == 200
    await came(receiver, 2)
    after = await provider.get_subscription(before.subscription)
    assert after.period_end is not None
    assert after.period_end > before.period_end
    (invoice,) = [event.data for event in receiver.events if event.kind == "invoice_paid"]
    assert invoice.payment != before.payment
    assert (invoice.subscription, invoice.period_end) == (before.subscription, after.period_end)


async def test_a_renewal_that_cannot_be_paid_is_not_active(
    http: httpx.AsyncClient, receiver: Receiver, provider: StripeProvider, checkout: Any, hooks: Any
) -> None:
    await http.post(checkout.url, data={"action": "pay", "card": "4242424242424242"})
    subscription = (await provider.get_checkout(checkout.id)).subscription
    receiver.events.clear()
    await hooks.post(f"subscriptions/{subscription}/renew", outcome="failed")
    await came(receiver, 2)
    assert sorted(receiver.kinds()) == ["invoice_failed", "subscription_changed"]
    assert not (await provider.get_subscription(str(subscription))).active


async def test_a_refund_is_announced(receiver: Receiver, provider: StripeProvider) -> None:
    made = await provider.charge(
        amount=Money(Decimal(5), "USD"),
        customer="cus_demo_1",
        description="",
        metadata={"a": "b"},
        idempotency_key="k",
    )
    await provider.refund(made.id, idempotency_key="r")
    await came(receiver, 2)
    refunded = next(event.data for event in receiver.events if event.type == "charge.refunded")
    assert (refunded.payment, refunded.metadata["a"]) == (made.id, "b")
