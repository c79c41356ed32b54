"""Charging a card on file: once, whatever happens on the way."""

from __future__ import annotations

import logging
from decimal import Decimal
from typing import Any

import httpx
import pytest

from shared.payments.errors import CardDeclined, PaymentMethodMissing, ProviderUnavailable, UnknownPayment
from shared.payments.provider import Charge
from shared.payments.stripe_http import KeyUsedDifferently
from shared.payments.stripe_provider import StripeProvider
from shared.schemas.money import Money
from testing.payments import SandboxServer

DEMO = "cus_demo_7"
INTENTS = "/v1/payment_intents"


async def charge(provider: StripeProvider, key: str = "booking-3", **changed: Any) -> Charge:
    asked: dict[str, Any] = {
        "amount": Money(Decimal("120.00"), "USD"),
        "customer": DEMO,
        "description": "Booking 3",
        "metadata": {"booking_id": "3"},
    }
    return await provider.charge(**{**asked, **changed}, idempotency_key=key)


async def test_a_charge_takes_the_amount_once_for_a_key(provider: StripeProvider, hooks: Any) -> None:
    first = await charge(provider)
    assert await charge(provider) == first == Charge(first.id, "succeeded")
    (taken,) = await hooks.listing("charges")
    assert (taken["amount"], taken["currency"], taken["metadata"]["booking_id"]) == (12000, "usd", "3")


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("590000", "KRW", 590000),
        ("0.01", "USD", 1),
        ("29", "USD", 2900),
        ("5.12", "KWD", 5120),
        ("7", "UGX", 700),
        ("7", "ISK", 700),
        ("7", "MGA", 7),
    ],
)
async def test_money_is_counted_in_the_currency_s_smallest_unit(
    provider: StripeProvider, hooks: Any, amount: str, currency: str, minor: int
) -> None:
    await charge(provider, amount=Money(Decimal(amount), currency))
    assert (await hooks.listing("charges"))[0]["amount"] == minor


async def test_an_amount_between_two_cents_is_refused_before_it_is_sent(
    provider: StripeProvider, hooks: Any
) -> None:
    with pytest.raises(ValueError, match="fraction"):
        await charge(provider, amount=Money(Decimal("0.005"), "USD"))
    assert await hooks.listing("charges") == []


async def test_an_answer_lost_on_the_way_does_not_charge_twice(provider: StripeProvider, hooks: Any) -> None:
    await hooks.order(path=INTENTS, mode="drop_answer")
    assert (await charge(provider)).status == "succeeded"
    assert len(await hooks.listing("charges")) == 1


async def test_a_provider_that_fails_for_a_moment_is_asked_again(
    provider: StripeProvider, hooks: Any
) -> None:
    await hooks.order(path=INTENTS, mode="error_500")
    assert (await charge(provider)).status == "succeeded"


async def test_without_a_sure_answer_it_says_so_and_the_charge_can_be_found(
    sandbox: SandboxServer, hooks: Any
) -> None:
    provider = sandbox.provider(timeout=0.2, retries=0)
    await hooks.order(path=INTENTS, mode="slow", seconds=1.0)
    with pytest.raises(ProviderUnavailable):
        await charge(provider)
    found = await provider.find_charge(customer=DEMO, idempotency_key="booking-3")
    assert found == await charge(provider)
    assert await provider.find_charge(customer=DEMO, idempotency_key="booking-4") is None
    await provider.close()


async def test_a_call_ends_in_time_however_often_it_is_tried(sandbox: SandboxServer, hooks: Any) -> None:
    provider = sandbox.provider(timeout=0.2, total=0.4)
    await hooks.order(path=INTENTS, mode="slow", seconds=1.0, times=3)
    with pytest.raises(ProviderUnavailable):
        await charge(provider)
    await provider.close()


async def test_nobody_at_the_address_is_unavailable() -> None:
    provider = StripeProvider(api_url="http://127.0.0.1:9", secret_key="sk_test_x", retries=0)
    with pytest.raises(ProviderUnavailable):
        await provider.get_checkout("cs_1")
    await provider.close()


async def test_a_declined_card_is_402_and_the_key_keeps_that_answer(
    provider: StripeProvider, hooks: Any
) -> None:
    await hooks.order(path=INTENTS, mode="decline")
    for _ in range(2):
        with pytest.raises(CardDeclined) as refused:
            await charge(provider)
    assert (refused.value.status, refused.value.message) == (402, "Your card was declined.")
    assert refused.value.extra == {"reason": "card_declined"}
    assert (await charge(provider, key="booking-3:2")).status == "succeeded"


async def test_a_card_may_be_accepted_at_checkout_and_declined_later(
    provider: StripeProvider, http: httpx.AsyncClient, customer: str, checkout: Any
) -> None:
    await http.post(checkout.url, data={"action": "pay", "card": "4000000000000341"})
    with pytest.raises(CardDeclined):
        await charge(provider, customer=customer)


async def test_a_customer_without_a_card_is_402(provider: StripeProvider, customer: str) -> None:
    for nobody in (customer, "cus_unknown"):
        with pytest.raises(PaymentMethodMissing):
            await charge(provider, customer=nobody)


async def test_a_key_used_for_another_amount_is_a_bug_that_is_told(
    provider: StripeProvider, hooks: Any
) -> None:
    await charge(provider, metadata={})
    with pytest.raises(KeyUsedDifferently):
        await provider.create_customer(
            user_id=1, email="a@example.com", name="A", idempotency_key="booking-3"
        )
    assert len(await hooks.listing("charges")) == 1


async def test_another_card_on_file_does_not_charge_twice(
    provider: StripeProvider, hooks: Any, http: httpx.AsyncClient
) -> None:
    first = await charge(provider)
    another = await provider.create_checkout(
        customer=DEMO,
        product_name="SNS",
        price=Money(Decimal(49), "USD"),
        interval="year",
        metadata={},
        success_url="http://shop.test/",
        cancel_url="http://shop.test/",
        idempotency_key="another",
    )
    await http.post(another.url, data={"action": "pay", "card": "4242424242424242"})
    assert await charge(provider) == first
    assert len(await hooks.listing("charges")) == 1


async def test_a_refund_gives_all_back_once(provider: StripeProvider, hooks: Any) -> None:
    made = await charge(provider)
    await provider.refund(made.id, idempotency_key="refund-3")
    await provider.refund(made.id, idempotency_key="refund-3")
    await provider.refund(made.id, idempotency_key="refund-3-again")
    (refund,) = await hooks.listing("refunds")
    assert (refund["amount"], refund["payment_intent"]) == (12000, made.id)
    with pytest.raises(UnknownPayment):
        await provider.refund("pi_unknown", idempotency_key="refund-4")


async def test_the_key_of_the_account_is_never_logged(
    sandbox: SandboxServer, hooks: Any, caplog: pytest.LogCaptureFixture
) -> None:
    provider = StripeProvider(api_url=sandbox.url, secret_key="sk_test_wrong_and_secret", retries=0)
    with caplog.at_level(logging.DEBUG), pytest.raises(Exception, match="refused") as refused:
        await charge(provider)
    await provider.close()
    assert "sk_test" not in caplog.text
    assert "sk_test" not in repr(refused.value.__cause__)
