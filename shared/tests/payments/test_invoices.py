"""Open invoices are taken back as Stripe takes them back: once, and only while nobody has paid."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from shared.payments.errors import ProviderRefused, ProviderUnavailable
from shared.payments.provider import Checkout
from shared.payments.stripe_provider import StripeProvider
from testing.payments import API_KEY, SandboxServer

AUTHORIZED = {"Authorization": f"Bearer {API_KEY}"}
Declined = Callable[[int], Awaitable[str]]


@pytest.fixture
def declined(http: httpx.AsyncClient, provider: StripeProvider, checkout: Checkout, hooks: Any) -> Declined:
    """A subscription of which so many renewals were not paid; the id."""

    async def make(renewals: int) -> str:
        await http.post(checkout.url, data={"action": "pay", "card": "4242424242424242"})
        identity = str((await provider.get_checkout(checkout.id)).subscription)
        for _ in range(renewals):
            await hooks.post(f"subscriptions/{identity}/renew", outcome="failed")
        return identity

    return make


async def statuses(hooks: Any) -> list[str]:
    return sorted(invoice["status"] for invoice in await hooks.listing("invoices"))


async def test_what_is_open_of_a_subscription_is_void_and_cannot_be_paid(
    http: httpx.AsyncClient, provider: StripeProvider, hooks: Any, declined: Declined
) -> None:
    identity = await declined(2)
    pages = [one["hosted_invoice_url"] for one in await hooks.listing("invoices") if one["status"] == "open"]
    await provider.cancel_subscription(identity, idempotency_key="end")
    for _ in range(2):
        await provider.void_open_invoices(identity)
    assert await statuses(hooks) == ["paid", "void", "void"]
    for page in pages:
        assert "is void" in (await http.post(page)).text
    assert await statuses(hooks) == ["paid", "void", "void"]
    events = [event["type"] for event in await hooks.listing("events")]
    assert events.count("invoice.voided") == 2
    assert (await provider.get_subscription(identity)).payment_url is None


async def test_every_page_of_open_invoices_is_read(
    http: httpx.AsyncClient,
    sandbox: SandboxServer,
    provider: StripeProvider,
    hooks: Any,
    declined: Declined,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shared.payments.stripe_invoices.PAGE", 1)
    identity = await declined(3)
    asked: Any = {"subscription": identity, "status": "open", "limit": 2}
    url = f"{sandbox.url}/v1/invoices"
    first = (await http.get(url, params=asked, headers=AUTHORIZED)).json()
    after = {**asked, "starting_after": first["data"][-1]["id"]}
    rest = (await http.get(url, params=after, headers=AUTHORIZED)).json()
    assert (first["has_more"], len(rest["data"]), rest["has_more"]) == (True, 1, False)
    await provider.void_open_invoices(identity)
    assert await statuses(hooks) == ["paid", "void", "void", "void"]


async def test_an_invoice_that_is_paid_at_that_moment_stays_paid(
    http: httpx.AsyncClient, provider: StripeProvider, hooks: Any, declined: Declined, monkeypatch: Any
) -> None:
    identity = await declined(1)
    (invoice,) = [one for one in await hooks.listing("invoices") if one["status"] == "open"]

    async def paid_meanwhile(_: str) -> list[str]:
        await http.post(invoice["hosted_invoice_url"])
        return [invoice["id"]]

    monkeypatch.setattr(provider, "_open_invoices", paid_meanwhile)
    await provider.void_open_invoices(identity)
    assert await statuses(hooks) == ["paid", "paid"]


async def test_an_unknown_subscription_has_nothing_open_and_no_answer_is_an_error(
    provider: StripeProvider, hooks: Any, declined: Declined
) -> None:
    await provider.void_open_invoices("sub_unknown")
    identity = await declined(1)
    (invoice,) = [one for one in await hooks.listing("invoices") if one["status"] == "open"]
    await hooks.order(path=f"/v1/invoices/{invoice['id']}/void", mode="error_500", times=9)
    with pytest.raises(ProviderUnavailable):
        await provider.void_open_invoices(identity)
    assert await statuses(hooks) == ["open", "paid"]


async def test_what_cannot_be_voided_is_refused_as_stripe_refuses(
    http: httpx.AsyncClient, sandbox: SandboxServer, hooks: Any, declined: Declined
) -> None:
    identity = await declined(1)
    await hooks.post(f"subscriptions/{identity}/status", status="unpaid")
    await hooks.post(f"subscriptions/{identity}/renew")
    for invoice in await hooks.listing("invoices"):
        url = f"{sandbox.url}/v1/invoices/{invoice['id']}/void"
        answer = await http.post(url, headers=AUTHORIZED)
        assert answer.status_code == (200 if invoice["status"] == "open" else 400), answer.text
        if invoice["status"] == "draft":
            assert "isn't open" in answer.json()["error"]["message"]
        if invoice["status"] == "paid":
            assert "cannot be voided" in answer.json()["error"]["message"]
    answer = await http.post(f"{sandbox.url}/v1/invoices/in_unknown/void", headers=AUTHORIZED)
    assert (answer.status_code, answer.json()["error"]["param"]) == (404, "id")


async def test_an_open_invoice_that_the_provider_does_not_void_is_an_error(
    provider: StripeProvider, declined: Declined, monkeypatch: Any
) -> None:
    identity = await declined(1)

    async def refused(*_: Any) -> Any:
        raise ProviderRefused

    monkeypatch.setattr(provider._client.v1.invoices, "void_invoice_async", refused)
    with pytest.raises(ProviderRefused):
        await provider.void_open_invoices(identity)
