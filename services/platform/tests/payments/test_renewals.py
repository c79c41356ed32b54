"""Renewals and refunds, as the provider reports them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import insert, select

from platform_service.payments.commands import correct_refunds
from platform_service.payments.models import Payment
from platform_service.subscriptions.models import Subscription
from platform_service.tables import Entitlement
from services.platform.tests.payments.conftest import Shop
from shared.schemas.money import Money
from testing.metrics import sample


async def rows(shop: Shop, table: Any) -> list[Any]:
    async with shop.database.read(fresh=True) as connection:
        return list((await connection.execute(select(table.__table__))).all())


def payments(kind: str, outcome: str) -> float:
    return sample("payments_total", kind=kind, outcome=outcome)


async def test_a_renewal_extends_and_is_in_the_ledger(shop: Shop) -> None:
    counted = payments("charge", "succeeded")
    await shop.subscribe()
    (before,) = await rows(shop, Subscription)
    (first_right,) = await rows(shop, Entitlement)
    await shop.order(f"subscriptions/{before.provider_subscription_id}/renew")
    for event in await shop.events() * 2:
        assert (await shop.deliver(event)).status_code == 200
    (after,) = await rows(shop, Subscription)
    (second_right,) = await rows(shop, Entitlement)
    assert after.current_period_end > before.current_period_end
    assert second_right.valid_until > first_right.valid_until
    assert [payment.amount for payment in await rows(shop, Payment)] == [29, 29]
    assert payments("charge", "succeeded") == counted + 2, "each once, however often it is reported"


async def test_a_renewal_that_failed_leaves_the_time_of_grace(shop: Shop) -> None:
    await shop.subscribe()
    failed = payments("charge", "failed")
    (before,) = await rows(shop, Subscription)
    await shop.order(f"subscriptions/{before.provider_subscription_id}/renew", outcome="failed")
    for event in await shop.events() * 2:
        assert (await shop.deliver(event)).status_code == 200
    (after,) = await rows(shop, Subscription)
    assert after.status == "active"
    assert len(await rows(shop, Payment)) == 1
    assert payments("charge", "failed") == failed + 1


async def test_refunds_of_parts_are_rows_of_their_own(shop: Shop) -> None:
    await shop.subscribe()
    (invoice,) = await shop.listing("invoices")
    provider = shop.provider
    opened = await shop.order("disputes", payment=invoice["id"], inquiry=True)
    for amount in (2000, 900):
        await provider._client.v1.refunds.create_async(  # type: ignore[attr-defined]
            {"payment_intent": opened["payment_intent"], "amount": amount}
        )
    for event in reversed(await shop.events() * 2):
        assert (await shop.deliver(event)).status_code == 200
    assert sorted(payment.amount for payment in await rows(shop, Payment)) == [-20, -9, 29]
    payments = (await shop.get("/api/payment/history"))["payments"]
    assert [payment["status"] for payment in payments].count("refunded") == 2


async def test_refunds_that_an_older_release_wrote_as_sums_are_not_counted_again(shop: Shop) -> None:
    await shop.subscribe()
    (invoice,) = await shop.listing("invoices")
    await shop.provider.refund(invoice["id"], idempotency_key="r")
    (refund,) = await shop.listing("refunds")
    intent = refund["payment_intent"]
    async with shop.database.session() as session:
        values = {"user_id": shop.user_id, "kind": "refund", "amount": -29, "currency": "USD"}
        older = insert(Payment).values(**values, provider_ref=f"refund:{intent}:29.00", refund_of=intent)
        await session.execute(older)
    await shop.report()
    assert sorted(payment.amount for payment in await rows(shop, Payment)) == [-29, 29]


async def test_refunds_of_bookings_that_an_older_release_took_are_balanced_once(shop: Shop) -> None:
    await shop.subscribe()
    (invoice,) = await shop.listing("invoices")
    made = await shop.provider.charge(
        amount=Money(Decimal(120), "USD"),
        customer=invoice["customer"],
        description="CooCook booking 7",
        metadata={"booking_id": "7"},
        idempotency_key="booking-7",
    )
    async with shop.database.session() as session:
        values = {"user_id": shop.user_id, "kind": "refund", "amount": -120, "currency": "USD"}
        wrong = insert(Payment).values(**values, provider_ref=f"refund:{made.id}:120.00", refund_of=made.id)
        await session.execute(wrong)
    assert await correct_refunds(shop.database, shop.provider) == 1
    assert await correct_refunds(shop.database, shop.provider) == 0
    assert sum(payment.amount for payment in await rows(shop, Payment)) == 29
