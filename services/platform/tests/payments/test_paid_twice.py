"""What is paid twice, or by nobody any more, and what keeps one of everything."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, select, text

from platform_service.payments.models import Payment
from platform_service.subscriptions.models import Subscription
from platform_service.tables import Outbox
from services.platform.tests.factories import make_user, subscribe
from services.platform.tests.payments.conftest import Shop, run_jobs


async def count(shop: Shop, table: Any) -> int:
    async with shop.database.read(fresh=True) as connection:
        return await connection.scalar(select(func.count()).select_from(table)) or 0


async def test_paying_twice_from_two_windows_pays_one_back(shop: Shop) -> None:
    first, second = await shop.open_page(), await shop.open_page()
    for session_id in (first, second):
        await shop.pay(session_id)
    assert "active" in (await shop.come_back(first)).json()["message"]
    assert "refunded" in (await shop.come_back(second)).json()["message"]
    assert await count(shop, Subscription) == 1
    await run_jobs(shop)
    (refund,) = await shop.listing("refunds")
    assert refund["amount"] == 2900
    states = sorted(one["status"] for one in await shop.listing("subscriptions"))
    assert states == ["active", "canceled"]
    for event in await shop.events():
        assert (await shop.deliver(event)).status_code == 200
    payments = (await shop.get("/api/payment/history"))["payments"]
    assert sorted(payment["amount"] for payment in payments) == [-29, 29, 29]


async def test_webhook_and_success_page_at_once_make_one_subscription(shop: Shop) -> None:
    session_id = await shop.open_page()
    await shop.pay(session_id)
    events = await shop.events()
    answers = await asyncio.gather(
        *[shop.come_back(session_id) for _ in range(5)],
        *[shop.deliver(event) for event in events for _ in range(3)],
    )
    assert {answer.status_code for answer in answers} == {200}
    assert await count(shop, Subscription) == await count(shop, Payment) == 1
    async with shop.database.read(fresh=True) as connection:
        changes = await connection.scalar(
            select(func.count()).select_from(Outbox).where(Outbox.type == "entitlement.changed")
        )
    assert changes == 1


async def test_what_was_paid_by_a_deleted_user_goes_back(shop: Shop) -> None:
    session_id = await shop.open_page()
    await shop.pay(session_id)
    answer = await shop.client.request(
        "DELETE",
        "/api/auth/me",
        json={"password": "correct horse battery staple"},
        headers=shop.headers,
    )
    assert answer.status_code == 200
    assert "refunded" in (await shop.come_back(session_id)).json()["message"]
    await run_jobs(shop)
    assert len(await shop.listing("refunds")) == 1


async def test_the_database_refuses_a_second_active_subscription(shop: Shop) -> None:
    from platform_service.subscriptions.errors import AlreadySubscribed

    user = await make_user(shop.database)
    await subscribe(shop.database, user, shop.product)
    with pytest.raises(AlreadySubscribed):
        await subscribe(shop.database, user, shop.product)


async def test_the_ledger_only_grows(shop: Shop) -> None:
    await shop.subscribe()
    for statement in ("UPDATE payments SET amount = 1", "DELETE FROM payments"):
        with pytest.raises(Exception, match="never changed"):
            async with shop.database.session() as session:
                await session.execute(text(statement))
