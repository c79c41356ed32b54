"""Subscribing on the sandbox's page, as a browser without JavaScript does it."""

from __future__ import annotations

from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest

from shared.payments.errors import UnknownPayment
from shared.payments.provider import Checkout
from shared.payments.stripe_provider import StripeProvider
from shared.schemas.dates import utcnow
from testing.payments import SandboxServer

from .conftest import USD_29


class Page(HTMLParser):
    """What a browser needs of a page: its form's fields, buttons and labels."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.inputs: dict[str, dict[str, str | None]] = {}
        self.labels: set[str | None] = set()
        self.buttons: list[tuple[str | None, str | None]] = []
        self.scripts = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "input":
            self.inputs[str(values["name"])] = values
        elif tag == "label":
            self.labels.add(values.get("for"))
        elif tag == "button":
            self.buttons.append((values.get("name"), values.get("value")))
        elif tag == "script":
            self.scripts += 1


async def test_the_page_is_a_plain_form_that_says_it_is_a_sandbox(
    http: httpx.AsyncClient, checkout: Checkout
) -> None:
    answer = await http.get(checkout.url)
    page = Page(answer.text)
    assert "SANDBOX" in answer.text
    assert "29.00 USD" in answer.text
    assert page.buttons == [("action", "pay"), ("action", "cancel")]
    assert {field["id"] for field in page.inputs.values()} == page.labels
    assert page.scripts == 0
    assert "script" not in answer.headers["Content-Security-Policy"]


async def test_paying_starts_the_subscription_and_sends_the_browser_back(
    http: httpx.AsyncClient, provider: StripeProvider, checkout: Checkout, customer: str
) -> None:
    answer = await http.post(checkout.url, data={"action": "pay", "card": "4242 4242 4242 4242"})
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"http://shop.test/success?session_id={checkout.id}"
    state = await provider.get_checkout(checkout.id)
    assert (state.status, state.paid, state.customer, state.amount) == ("complete", True, customer, USD_29)
    assert state.metadata == {"user_id": "7", "product": "coocook"}
    assert state.period_end is not None
    assert timedelta(days=27) < state.period_end - utcnow() < timedelta(days=32)
    assert state.subscription is not None
    subscription = await provider.get_subscription(state.subscription)
    assert (subscription.active, subscription.metadata) == (True, state.metadata)


async def test_pressing_twice_is_harmless(http: httpx.AsyncClient, checkout: Checkout, hooks: Any) -> None:
    answers = [
        await http.post(checkout.url, data={"action": "pay", "card": "4242424242424242"}) for _ in range(3)
    ]
    answers.append(await http.get(checkout.url))
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert len(await hooks.listing("invoices")) == 1


@pytest.mark.parametrize(
    ("checkout", "said"),
    [
        ("canceled", "without paying"),
        ("success", "is active"),
        ("<script>", "Nothing is known"),
        ("", "Nothing is known"),
    ],
)
async def test_a_page_stands_in_for_the_apps_billing_page(
    http: httpx.AsyncClient, sandbox: SandboxServer, checkout: str, said: str
) -> None:
    answer = await http.get(f"{sandbox.url}/web/platform/billing.html", params={"checkout": checkout})
    assert (answer.status_code, said in answer.text) == (200, True)
    assert Page(answer.text).scripts == 0
    assert "SANDBOX" in answer.text


async def test_canceling_leaves_it_open(
    http: httpx.AsyncClient, provider: StripeProvider, checkout: Checkout
) -> None:
    answer = await http.post(checkout.url, data={"action": "cancel"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "http://shop.test/cancel")
    state = await provider.get_checkout(checkout.id)
    assert (state.status, state.paid, state.payment) == ("open", False, None)


@pytest.mark.parametrize("card", ["4000000000000002", "5555555555554444", "", "<script>", "4242" * 2000])
async def test_a_card_that_is_not_taken_can_be_tried_again(
    http: httpx.AsyncClient, provider: StripeProvider, checkout: Checkout, card: str
) -> None:
    answer = await http.post(checkout.url, data={"action": "pay", "card": card})
    assert answer.status_code == 402
    assert 'role="alert"' in answer.text
    assert "<script>" not in answer.text
    assert (await provider.get_checkout(checkout.id)).status == "open"
    assert (
        await http.post(checkout.url, data={"action": "pay", "card": "4242424242424242"})
    ).status_code == 303


async def test_an_expired_checkout_says_so(
    http: httpx.AsyncClient, provider: StripeProvider, checkout: Checkout, hooks: Any
) -> None:
    assert (await hooks.post(f"checkouts/{checkout.id}/expire")).status_code == 200
    for answer in (await http.get(checkout.url), await http.post(checkout.url, data={"action": "pay"})):
        assert answer.status_code == 410
        assert "expired" in answer.text
    assert (await provider.get_checkout(checkout.id)).status == "expired"


async def test_what_a_product_is_called_cannot_break_the_page(
    provider: StripeProvider, http: httpx.AsyncClient
) -> None:
    checkout = await provider.create_checkout(
        customer="cus_demo_1",
        product_name="<script>alert(1)</script>",
        price=USD_29,
        interval="year",
        metadata={},
        success_url="http://shop.test/",
        cancel_url="http://shop.test/",
        idempotency_key="odd",
    )
    assert Page((await http.get(checkout.url)).text).scripts == 0


async def test_an_unknown_checkout_is_404(
    provider: StripeProvider, http: httpx.AsyncClient, sandbox: Any
) -> None:
    assert (await http.get(f"{sandbox.url}/checkout/cs_unknown")).status_code == 404
    with pytest.raises(UnknownPayment):
        await provider.get_checkout("cs_unknown")


async def test_the_same_key_answers_the_same_checkout(
    provider: StripeProvider, checkout: Checkout, customer: str
) -> None:
    again = await provider.create_checkout(
        customer=customer,
        product_name="CooCook",
        price=USD_29,
        interval="month",
        metadata={"user_id": "7", "product": "coocook"},
        success_url="http://shop.test/success?session_id={CHECKOUT_SESSION_ID}",
        cancel_url="http://shop.test/cancel",
        idempotency_key="checkout-7",
    )
    assert again == checkout


async def test_a_subscription_ends_once_and_one_that_is_gone_is_fine(
    http: httpx.AsyncClient, provider: StripeProvider, checkout: Checkout
) -> None:
    await http.post(checkout.url, data={"action": "pay", "card": "4242424242424242"})
    subscription = (await provider.get_checkout(checkout.id)).subscription
    assert subscription is not None
    await provider.cancel_subscription(subscription, idempotency_key="later", at_period_end=True)
    assert (await provider.get_subscription(subscription)).cancel_at_period_end
    for key in ("end", "end-again"):
        await provider.cancel_subscription(subscription, idempotency_key=key)
    assert not (await provider.get_subscription(subscription)).active
    await provider.cancel_subscription("sub_unknown", idempotency_key="end")


async def test_the_payment_of_a_checkout_can_be_given_back(
    provider: StripeProvider, checkout: Checkout, http: httpx.AsyncClient, hooks: Any
) -> None:
    await http.post(checkout.url, data={"action": "pay", "card": "4242424242424242"})
    payment = (await provider.get_checkout(checkout.id)).payment
    assert payment is not None
    await provider.refund(payment, idempotency_key="give-back")
    await provider.refund(payment, idempotency_key="give-back-again")
    (refund,) = await hooks.listing("refunds")
    assert refund["amount"] == 2900
