"""Renewals and refunds, as the provider reports them."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from platform_service.payments.models import Payment
from platform_service.subscriptions.models import Subscription
from platform_service.tables import Entitlement
from services.platform.tests.payments.conftest import Shop


async def rows(shop: Shop, table: Any) -> list[Any]:
    async with shop.database.read(fresh=True) as connection:
        return list((await connection.execute(select(table.__table__))).all())


async def test_a_renewal_extends_and_is_in_the_ledger(shop: Shop) -> None:
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


async def test_a_renewal_that_failed_leaves_the_time_of_grace(shop: Shop) -> None:
    await shop.subscribe()
    (before,) = await rows(shop, Subscription)
    await shop.order(f"subscriptions/{before.provider_subscription_id}/renew", outcome="failed")
    for event in await shop.events():
        assert (await shop.deliver(event)).status_code == 200
    (after,) = await rows(shop, Subscription)
    assert after.status == "active"
    assert len(await rows(shop, Payment)) == 1


async def test_refunds_are_rows_of_their_own_by_growing_sums(shop: Shop) -> None:
    await shop.subscribe()
    (invoice,) = await shop.listing("invoices")
    for refunded, delivered in ((2000, 1), (500, 2), (2000, 3), (2900, 4)):
        charge = {
            "id": "ch_1",
            "object": "charge",
            "payment_intent": "pi_1",
            "customer": invoice["customer"],
            "amount": 2900,
            "amount_refunded": refunded,
            "refunded": refunded == 2900,
            "currency": "usd",
            "metadata": {},
        }
        assert (
            await shop.deliver(event("charge.refunded", charge, f"evt_refund_{delivered}"))
        ).status_code == 200
    assert sorted(payment.amount for payment in await rows(shop, Payment)) == [-20, -9, 29]
    payments = (await shop.get("/api/payment/history"))["payments"]
    assert [payment["status"] for payment in payments].count("refunded") == 2


def event(kind: str, thing: dict[str, Any], identity: str) -> dict[str, Any]:
    return {
        "id": identity,
        "object": "event",
        "type": kind,
        "created": int(datetime.now(UTC).timestamp()),
        "data": {"object": thing},
    }
