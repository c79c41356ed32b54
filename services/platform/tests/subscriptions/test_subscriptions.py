"""Canceling and expiring, and what the other services are told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
from sqlalchemy import insert, select, text

from platform_service.payments.reconciliation import expire_due
from platform_service.subscriptions.models import Subscription
from platform_service.tables import Entitlement, Outbox
from services.platform.tests.factories import make_product, make_user, subscribe
from shared.schemas.dates import utcnow
from testing.app import pages_of
from testing.payments import SandboxServer
from testing.rollback import TestDatabase

GRACE = timedelta(hours=24)


async def rows(db: Any, table: Any) -> list[Any]:
    async with db.read(fresh=True) as connection:
        return list(
            (await connection.execute(select(table.__table__).order_by(*table.__table__.primary_key))).all()
        )


async def test_a_subscription_is_announced_with_its_end(db: TestDatabase) -> None:
    user, product = await make_user(db), await make_product(db, "coocook")
    end = utcnow() + timedelta(days=30)
    await subscribe(db, user, product, until=end)
    (entitlement,) = await rows(db, Entitlement)
    assert (entitlement.user_id, entitlement.product, entitlement.version) == (user, "coocook", 1)
    assert entitlement.active is True
    assert entitlement.valid_until == end + timedelta(hours=24)
    (event,) = await rows(db, Outbox)
    assert (event.type, event.key) == ("entitlement.changed", str(user))
    assert event.data["product"] == "coocook"


async def test_canceling_ends_access_at_once_and_tells_the_provider(
    client: httpx.AsyncClient, db: TestDatabase, auth_headers: Any
) -> None:
    user, product = await make_user(db), await make_product(db)
    mine = await subscribe(db, user, product, provider_subscription_id="sub_1")
    path = f"/api/payment/subscriptions/{mine}"
    for _ in range(2):
        answer = await client.delete(path, headers=auth_headers(user))
        assert answer.status_code == 200
        assert answer.json()["message"]
    listed = (await client.get("/api/payment/subscriptions", headers=auth_headers(user))).json()
    assert [one["status"] for one in listed] == ["canceled"]
    (entitlement,) = await rows(db, Entitlement)
    assert (entitlement.active, entitlement.version) == (False, 2)
    async with db.read() as connection:
        jobs = list(await connection.scalars(text("SELECT entrypoint FROM pgqueuer")))
    assert jobs == ["subscriptions.cancel_at_provider"]


async def test_a_list_holds_a_thousand_and_says_where_the_rest_is(
    client: httpx.AsyncClient, db: TestDatabase, auth_headers: Any
) -> None:
    user, product = await make_user(db), await make_product(db)
    over = {"status": "canceled", "plan_type": "monthly", "price": 29, "currency": "USD"}
    row = {**over, "user_id": user, "product_id": product, "ended_at": utcnow()}
    async with db.session() as session:
        made = await session.scalars(insert(Subscription).values([row] * 1001).returning(Subscription.id))
        ids = sorted(made, reverse=True)
    await subscribe(db, await make_user(db), product)
    pages = await pages_of(client, "/api/payment/subscriptions", auth_headers(user))
    assert pages == [ids[:1000], ids[1000:]]
    few = await pages_of(client, "/api/payment/subscriptions?limit=400", auth_headers(user))
    assert few == [ids[:400], ids[400:800], ids[800:]]


async def test_somebody_elses_subscription_is_403_and_an_unknown_one_404(
    client: httpx.AsyncClient, db: TestDatabase, auth_headers: Any
) -> None:
    owner, stranger, product = await make_user(db), await make_user(db), await make_product(db)
    theirs = await subscribe(db, owner, product)
    headers = auth_headers(stranger)
    assert (await client.delete(f"/api/payment/subscriptions/{theirs}", headers=headers)).status_code == 403
    assert (
        await client.delete(f"/api/payment/subscriptions/{theirs + 1}", headers=headers)
    ).status_code == 404
    (row,) = await rows(db, Subscription)
    assert row.status == "active"


async def test_what_is_over_expires_by_itself(
    client: httpx.AsyncClient, db: TestDatabase, auth_headers: Any
) -> None:
    user = await make_user(db)
    over = await subscribe(db, user, await make_product(db), until=utcnow() - timedelta(hours=25))
    in_grace = await subscribe(db, user, await make_product(db), until=utcnow() - timedelta(hours=23))
    async with db.session() as session:
        forever = await session.get_one(Subscription, in_grace)
        assert forever.status == "active"
    before = (await client.get("/api/payment/subscriptions", headers=auth_headers(user))).json()
    assert {one["id"]: one["status"] for one in before} == {over: "expired", in_grace: "active"}

    provider = client._transport.app.state.payments  # type: ignore[attr-defined]
    assert await expire_due(db, provider, grace=GRACE) == 1
    assert await expire_due(db, provider, grace=GRACE) == 0
    statuses = {row.id: row.status for row in await rows(db, Subscription)}
    assert statuses == {over: "expired", in_grace: "active"}
    rights = await rows(db, Entitlement)
    assert sorted(right.active for right in rights) == [False, True]


async def test_a_renewal_whose_report_got_lost_extends_instead(
    client: httpx.AsyncClient, db: TestDatabase, browser: httpx.AsyncClient, sandbox: SandboxServer
) -> None:
    provider = client._transport.app.state.payments  # type: ignore[attr-defined]
    theirs = await _subscription_at_provider(provider, browser)
    user = await make_user(db)
    end = utcnow() - timedelta(hours=25)
    await subscribe(db, user, await make_product(db), until=end, provider_subscription_id=theirs)
    assert await expire_due(db, provider, grace=GRACE) == 0
    (row,) = await rows(db, Subscription)
    assert row.status == "active"
    assert row.current_period_end > utcnow()
    (right,) = await rows(db, Entitlement)
    assert right.valid_until > utcnow()


async def test_an_expired_one_makes_room_for_the_next(db: TestDatabase) -> None:
    user, product = await make_user(db), await make_product(db)
    await subscribe(db, user, product, until=utcnow() - timedelta(days=2))
    await subscribe(db, user, product)
    assert [row.status for row in await rows(db, Subscription)] == ["expired", "active"]


async def _subscription_at_provider(provider: Any, browser: httpx.AsyncClient) -> str:
    from decimal import Decimal

    from shared.schemas.money import Money

    customer = await provider.create_customer(user_id=1, email="a@b.de", name="A", idempotency_key="c")
    page = await provider.create_checkout(
        customer=customer,
        product_name="CooCook",
        price=Money(Decimal(29), "USD"),
        interval="month",
        metadata={},
        success_url="http://shop.test/",
        cancel_url="http://shop.test/",
        idempotency_key="p",
    )
    await browser.post(page.url, data={"action": "pay", "card": "4242424242424242"})
    found: str = (await provider.get_checkout(page.id)).subscription
    return found
