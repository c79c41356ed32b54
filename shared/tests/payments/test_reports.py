"""What the provider says of money: which periods are paid, what went back, and what an event type means to us."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest
import stripe

from shared.payments.errors import RefundFailed, UnknownPayment, UnreadableAmount
from shared.payments.provider import BOOKING, FLOW, Checkout, PaymentState
from shared.payments.stripe_events import kind_of, provider_event
from shared.payments.stripe_objects import paid_invoice, refund_movements
from shared.payments.stripe_provider import StripeProvider
from shared.schemas.money import Money
from testing.payments import SandboxServer

Subscribe = Callable[[], Awaitable[str]]


@pytest.fixture
def subscribed(http: httpx.AsyncClient, provider: StripeProvider, checkout: Checkout) -> Subscribe:
    async def subscribe() -> str:
        await http.post(checkout.url, data={"action": "pay", "card": "4242424242424242"})
        return str((await provider.get_checkout(checkout.id)).subscription)

    return subscribe


def movements(state: PaymentState) -> list[tuple[str, Decimal]]:
    return [(one.kind, one.amount.amount) for one in state.movements]


async def test_a_declined_renewal_moves_the_plan_and_proves_nothing(
    provider: StripeProvider, hooks: Any, subscribed: Subscribe, http: httpx.AsyncClient
) -> None:
    identity = await subscribed()
    (first,) = (await provider.get_subscription(identity)).invoices
    for _ in range(2):
        assert (await hooks.post(f"subscriptions/{identity}/renew", outcome="failed")).status_code == 200
    state = await provider.get_subscription(identity)
    assert (state.status, state.invoices) == ("past_due", (first,))
    assert state.period_end is not None
    assert first.period_end is not None
    assert state.period_end > first.period_end
    assert (await http.post(str(state.payment_url))).status_code == 200
    paid = await provider.get_subscription(identity)
    assert (paid.status, paid.payment_url) == ("active", None)
    assert [one.period_end for one in paid.invoices] == [state.period_end, first.period_end]


@pytest.mark.parametrize("status", ["unpaid", "paused", "past_due"])
async def test_collecting_may_be_given_up_and_begin_again(
    provider: StripeProvider, hooks: Any, subscribed: Subscribe, status: str
) -> None:
    identity = await subscribed()
    await hooks.post(f"subscriptions/{identity}/renew", outcome="failed")
    await hooks.post(f"subscriptions/{identity}/retry", outcome="failed")
    await hooks.post(f"subscriptions/{identity}/status", status=status)
    assert (await provider.get_subscription(identity)).status == status
    again = "resume" if status == "paused" else "retry"
    assert (await hooks.post(f"subscriptions/{identity}/{again}")).status_code == 200
    state = await provider.get_subscription(identity)
    assert (state.status, len(state.invoices)) == ("active", 2)


async def test_a_new_price_and_a_set_end_are_told(
    provider: StripeProvider, hooks: Any, subscribed: Subscribe
) -> None:
    identity = await subscribed()
    await hooks.post(f"subscriptions/{identity}/price", amount=4900)
    await provider.cancel_subscription(identity, idempotency_key="end", at_period_end=True)
    state = await provider.get_subscription(identity)
    assert (state.price, state.interval) == (Money(Decimal(49), "USD"), "month")
    assert state.cancel_at_period_end


async def test_a_subscription_s_charge_leads_to_its_invoice_and_to_all_that_became_of_it(
    provider: StripeProvider, hooks: Any, subscribed: Subscribe
) -> None:
    identity = await subscribed()
    (invoice,) = (await provider.get_subscription(identity)).invoices
    opened = (await hooks.post("disputes", payment=invoice.id, amount=1000)).json()
    state = await provider.get_payment(opened["payment_intent"])
    assert state.invoice == invoice
    assert (invoice.subscription, invoice.metadata["product"]) == (identity, "coocook")
    assert movements(state) == [("dispute", Decimal(10))]
    await hooks.post(f"disputes/{opened['id']}/close", outcome="won")
    state = await provider.get_payment(opened["charge"])
    assert sorted(movements(state)) == [("dispute", Decimal(10)), ("dispute_reversal", Decimal(10))]
    assert not state.dispute_lost


async def test_a_refund_that_the_bank_sent_back_is_told(provider: StripeProvider, hooks: Any) -> None:
    made = await provider.charge(
        amount=Money(Decimal(5), "USD"),
        customer="cus_demo_1",
        description="",
        metadata={FLOW: BOOKING},
        idempotency_key="k",
    )
    await provider.refund(made.id, idempotency_key="r")
    state = await provider.get_payment(made.id)
    assert (movements(state), state.invoice, state.metadata[FLOW]) == (
        [("refund", Decimal(5))],
        None,
        BOOKING,
    )
    (refund,) = await hooks.listing("refunds")
    await hooks.post(f"refunds/{refund['id']}/fail")
    assert movements(await provider.get_payment(made.id)) == [("refund_reversal", Decimal(5))]
    with pytest.raises(UnknownPayment):
        await provider.get_payment("pi_unknown")


async def test_a_refund_that_fails_at_once_is_no_refund(
    sandbox: SandboxServer, provider: StripeProvider
) -> None:
    class Failing:
        v1 = property(lambda self: self)
        refunds = property(lambda self: self)

        async def create_async(self, *_: Any) -> Any:
            return type("Refund", (), {"status": "failed"})

    provider._client, client = Failing(), provider._client  # type: ignore[assignment]
    with pytest.raises(RefundFailed):
        await provider.refund("pi_1", idempotency_key="r")
    provider._client = client


@pytest.mark.parametrize(("units", "currency"), [(100, "xyz"), (5124, "kwd"), (550, "ugx")])
def test_an_amount_that_nobody_can_count_is_told_and_not_guessed(units: int, currency: str) -> None:
    refund = {"id": "re_1", "amount": units, "currency": currency, "created": 1, "status": "succeeded"}
    with pytest.raises(UnreadableAmount, match=currency):
        refund_movements(refund)
    invoice = {"id": "in_1", "amount_paid": units, "currency": currency, "status": "paid"}
    told = {"id": "evt_1", "type": "invoice.paid", "created": 1, "data": {"object": invoice}}
    event = provider_event(told)
    assert (event.kind, event.data.amount) == ("other", None)
    assert currency in event.problem


@pytest.mark.parametrize(
    ("amount", "currency"), [("100", "xyz"), ("5124", "kwd"), ("550", "ugx"), ("101", "isk")]
)
async def test_the_sandbox_charges_no_amount_that_the_provider_would_refuse(
    provider: StripeProvider, amount: str, currency: str
) -> None:
    card = await provider._card_of("cus_demo_7")
    wanted: Any = {"amount": amount, "currency": currency, "customer": "cus_demo_7", "payment_method": card}
    wanted["confirm"] = True
    with pytest.raises(stripe.InvalidRequestError):
        await provider._client.v1.payment_intents.create_async(wanted)


def test_a_proration_pays_for_no_period_of_its_own() -> None:
    def line(start: int, end: int, *, proration: bool) -> dict[str, Any]:
        details = {"subscription": "sub_1", "proration": proration}
        return {
            "period": {"start": start, "end": end},
            "parent": {"type": "subscription_item_details", "subscription_item_details": details},
        }

    content = {
        "id": "in_1",
        "amount_paid": 100,
        "currency": "usd",
        "created": 50,
        "lines": {"data": [line(60, 900, proration=True), line(50, 100, proration=False)]},
    }
    paid = paid_invoice(content)
    assert paid.period_start is not None
    assert paid.period_end is not None
    assert (paid.period_start.timestamp(), paid.period_end.timestamp()) == (50, 100)


@pytest.mark.parametrize(
    ("status", "kinds"),
    [
        ("succeeded", ["refund"]),
        ("pending", ["refund"]),
        ("requires_action", []),
        ("failed", ["refund_reversal"]),
        ("canceled", ["refund_reversal"]),
    ],
)
def test_a_refund_counts_once_it_has_left_the_balance(status: str, kinds: list[str]) -> None:
    refund = {"id": "re_1", "amount": 5, "currency": "usd", "created": 1, "status": status}
    assert [move.kind for move in refund_movements(refund)] == kinds


@pytest.mark.parametrize(
    ("event_type", "kind"),
    [
        ("charge.dispute.funds_withdrawn", "payment_changed"),
        ("refund.failed", "payment_changed"),
        ("customer.subscription.paused", "subscription_changed"),
        ("price.updated", "irrelevant"),
        ("payout.paid", "irrelevant"),
        ("credit_note.created", "other"),
        ("charge.something_new", "other"),
    ],
)
def test_what_an_event_type_means(event_type: str, kind: str) -> None:
    assert kind_of(event_type) == kind
