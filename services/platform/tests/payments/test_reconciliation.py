"""Checkouts of which nobody reported."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update

from platform_service.payments.models import Checkout
from platform_service.payments.reconciliation import settle_open
from services.platform.tests.payments.conftest import Shop
from shared.schemas.dates import utcnow


async def age(shop: Shop, minutes: float) -> None:
    async with shop.database.session() as session:
        await session.execute(update(Checkout).values(created_at=utcnow() - timedelta(minutes=minutes)))


async def settle(shop: Shop) -> int:
    return await settle_open(shop.database, shop.provider, grace=shop.settings.subscription_grace)


async def status(shop: Shop) -> str | None:
    async with shop.database.read(fresh=True) as connection:
        found: str | None = await connection.scalar(select(Checkout.status))
        return found


async def test_a_paid_checkout_that_nobody_reported_is_found(shop: Shop) -> None:
    await shop.pay(await shop.open_page())
    assert await settle(shop) == 0, "whoever is at the page now is left alone"
    await age(shop, minutes=3)
    assert await settle(shop) == 1
    (subscription,) = await shop.get("/api/payment/subscriptions")
    assert subscription["status"] == "active"


async def test_an_open_checkout_is_asked_about_once_an_hour(shop: Shop) -> None:
    session_id = await shop.open_page()
    await age(shop, minutes=3)
    assert await settle(shop) == 0
    await shop.pay(session_id)
    assert await settle(shop) == 0
    async with shop.database.session() as session:
        await session.execute(update(Checkout).values(asked_at=utcnow() - timedelta(hours=2)))
    assert await settle(shop) == 1


async def test_a_checkout_that_the_provider_forgot_is_over(shop: Shop) -> None:
    await shop.open_page()
    await age(shop, minutes=3)
    await shop.order("reset")
    assert await settle(shop) == 0
    assert await status(shop) == "expired"


async def test_while_the_provider_is_away_checkouts_wait(shop: Shop) -> None:
    session_id = await shop.open_page()
    await age(shop, minutes=3)
    path = f"/v1/checkout/sessions/{session_id}"
    await shop.order("faults", path=path, method="GET", mode="error_500", times=20)
    assert await settle(shop) == 0
    assert await status(shop) == "pending"
