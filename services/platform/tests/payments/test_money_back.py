"""Refunds and disputes: each movement of money once in the ledger, beside its charge, and only our own."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from platform_service.payments.models import Payment
from platform_service.subscriptions.models import Subscription
from platform_service.tables import Entitlement
from services.platform.tests.payments.conftest import Shop, run_jobs
from shared.payments.provider import BOOKING, FLOW, Charge
from shared.schemas.money import Money


async def ledger(shop: Shop) -> list[tuple[str, int, int | None]]:
    async with shop.database.read(fresh=True) as connection:
        found = await connection.execute(select(Payment.__table__).order_by(Payment.id))
        return [(row.kind, int(row.amount), row.product_id) for row in found]


async def revenue(shop: Shop, auth_headers: Any) -> float:
    answer = await shop.client.get("/api/platform/admin/revenue", headers=auth_headers(shop.user_id, "admin"))
    return float(answer.json()["total_revenue"])


async def subscribed(shop: Shop) -> tuple[str, str]:
    """The provider's ids of a new subscription and of its paid invoice."""
    await shop.subscribe()
    await shop.report()
    (invoice,) = await shop.listing("invoices")
    return invoice["parent"]["subscription_details"]["subscription"], invoice["id"]


async def booked(shop: Shop, **metadata: str) -> Charge:
    """A booking's charge, as coocook makes it with the card of the subscription."""
    (invoice,) = await shop.listing("invoices")
    return await shop.provider.charge(
        amount=Money(Decimal(120), "USD"),
        customer=invoice["customer"],
        description="CooCook booking 7",
        metadata=metadata,
        idempotency_key=f"booking-{len(metadata)}",
    )


async def test_refunds_stand_beside_their_charge(shop: Shop, auth_headers: Any) -> None:
    _, invoice = await subscribed(shop)
    provider = shop.provider
    await provider.refund(invoice, idempotency_key="r")
    for event in await shop.events() * 2:
        assert (await shop.deliver(event)).status_code == 200
    assert await ledger(shop) == [("charge", 29, shop.product), ("refund", -29, shop.product)]
    assert await revenue(shop, auth_headers) == 0
    history = (await shop.get("/api/payment/history"))["payments"]
    assert [(one["status"], one["product_name"]) for one in history] == [
        ("refunded", "Coocook"),
        ("succeeded", "Coocook"),
    ]


async def test_a_refund_before_its_charge_is_reported_brings_the_charge_along(shop: Shop) -> None:
    await shop.pay(await shop.open_page())
    (invoice,) = await shop.listing("invoices")
    await shop.provider.refund(invoice["id"], idempotency_key="r")
    for event in reversed(await shop.events()):
        assert (await shop.deliver(event)).status_code == 200
    assert sorted(await ledger(shop)) == [("charge", 29, shop.product), ("refund", -29, shop.product)]


async def test_a_refund_that_failed_is_taken_back(shop: Shop, auth_headers: Any) -> None:
    _, invoice = await subscribed(shop)
    await shop.provider.refund(invoice, idempotency_key="r")
    await shop.report()
    (refund,) = await shop.listing("refunds")
    await shop.order(f"refunds/{refund['id']}/fail")
    for event in await shop.events() * 2:
        assert (await shop.deliver(event)).status_code == 200
    assert [kind for kind, _, _ in await ledger(shop)] == ["charge", "refund", "refund_reversal"]
    assert await revenue(shop, auth_headers) == 29


@pytest.mark.parametrize("metadata", [{FLOW: BOOKING}, {"booking_id": "7"}])
async def test_a_bookings_refund_is_not_platforms(
    shop: Shop, auth_headers: Any, metadata: dict[str, str]
) -> None:
    await subscribed(shop)
    made = await booked(shop, **metadata)
    await shop.provider.refund(made.id, idempotency_key="r")
    await shop.report()
    assert await ledger(shop) == [("charge", 29, shop.product)]
    assert await revenue(shop, auth_headers) == 29
    assert await shop.outcomes("charge.refunded") == ["not_ours"]


async def test_a_charge_that_nobody_knows_is_kept_and_not_counted(shop: Shop) -> None:
    await subscribed(shop)
    made = await booked(shop)
    await shop.provider.refund(made.id, idempotency_key="r")
    await shop.report()
    assert await ledger(shop) == [("charge", 29, shop.product)]
    assert set(await shop.outcomes("payment_intent.succeeded", "charge.refunded")) == {"unhandled"}


async def test_a_dispute_takes_the_money_and_the_access_and_winning_it_brings_both_back(
    shop: Shop, auth_headers: Any
) -> None:
    _, invoice = await subscribed(shop)
    opened = await shop.order("disputes", payment=invoice)
    await shop.report()
    assert await ledger(shop) == [("charge", 29, shop.product), ("dispute", -29, shop.product)]
    assert await revenue(shop, auth_headers) == 0
    assert await access(shop) is False
    (shown,) = await shop.get("/api/payment/subscriptions")
    assert (shown["status"], shown["suspended"]) == ("expired", True)
    assert (await shop.checkout()).json()["code"] == "subscription_suspended"
    await shop.order(f"disputes/{opened['id']}/close", outcome="won")
    for event in await shop.events() * 2:
        assert (await shop.deliver(event)).status_code == 200
    assert [kind for kind, _, _ in await ledger(shop)] == ["charge", "dispute", "dispute_reversal"]
    assert await revenue(shop, auth_headers) == 29
    assert await access(shop) is True
    history = (await shop.get("/api/payment/history"))["payments"]
    assert [one["status"] for one in history] == ["reinstated", "disputed", "succeeded"]


async def test_a_lost_dispute_ends_the_subscription_here_and_at_the_provider(shop: Shop) -> None:
    _, invoice = await subscribed(shop)
    opened = await shop.order("disputes", payment=invoice)
    await shop.order(f"disputes/{opened['id']}/close", outcome="lost")
    for event in reversed(await shop.events()):
        assert (await shop.deliver(event)).status_code == 200
    await run_jobs(shop)
    assert [kind for kind, _, _ in await ledger(shop)] == ["charge", "dispute"]
    assert await access(shop) is False
    assert [one["status"] for one in await shop.listing("subscriptions")] == ["canceled"]
    async with shop.database.read(fresh=True) as connection:
        assert list(await connection.scalars(select(Subscription.status))) == ["canceled"]


async def test_what_a_dispute_took_is_not_paid_back_as_well(shop: Shop) -> None:
    theirs, _ = await subscribed(shop)
    await shop.order(f"subscriptions/{theirs}/renew")  # of a period that begins after the dispute ends it all
    await shop.report()
    renewal = max(
        await shop.listing("invoices"), key=lambda invoice: invoice["lines"]["data"][0]["period"]["end"]
    )
    opened = await shop.order("disputes", payment=renewal["id"])
    await shop.order(f"disputes/{opened['id']}/close", outcome="lost")
    for _ in range(2):  # the job's own end of it is reported too
        await shop.report()
        await run_jobs(shop)
    assert await shop.listing("refunds") == []
    assert [kind for kind, _, _ in await ledger(shop)].count("dispute") == 1


async def test_a_bank_that_only_asks_changes_nothing(shop: Shop) -> None:
    _, invoice = await subscribed(shop)
    opened = await shop.order("disputes", payment=invoice, inquiry=True)
    await shop.order(f"disputes/{opened['id']}/close", outcome="won")
    await shop.report()
    assert await ledger(shop) == [("charge", 29, shop.product)]
    assert await access(shop) is True


async def test_a_dispute_that_cannot_be_looked_up_now_is_503_and_comes_again(shop: Shop) -> None:
    _, invoice = await subscribed(shop)
    await shop.order("disputes", payment=invoice)
    withdrawn = (await shop.events())[-1]
    assert withdrawn["type"] == "charge.dispute.funds_withdrawn"
    await shop.order("faults", path="/v1/disputes", method="GET", mode="error_500", times=20)
    assert (await shop.deliver(withdrawn)).status_code == 503
    assert await ledger(shop) == [("charge", 29, shop.product)]
    await shop.browser.delete(f"{shop.sandbox.url}/_sandbox/faults")
    assert (await shop.deliver(withdrawn)).status_code == 200
    assert await ledger(shop) == [("charge", 29, shop.product), ("dispute", -29, shop.product)]


async def test_a_bookings_dispute_is_kept_for_an_operator(shop: Shop) -> None:
    await subscribed(shop)
    made = await booked(shop, flow=BOOKING)
    await shop.order("disputes", payment=made.id)
    await shop.report()
    assert await ledger(shop) == [("charge", 29, shop.product)]
    assert set(await shop.outcomes("charge.dispute.created", "charge.dispute.funds_withdrawn")) == {
        "unhandled"
    }


async def access(shop: Shop) -> bool:
    async with shop.database.read(fresh=True) as connection:
        return bool(await connection.scalar(select(Entitlement.active)))
