"""The billing page, and what the business earns."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from sqlalchemy import insert

from platform_service.payments.models import Payment
from services.platform.tests.factories import make_product, make_user, subscribe
from shared.schemas.dates import utcnow
from testing.rollback import TestDatabase


async def pay(db: TestDatabase, user: int, amount: str, *, product: int | None = None, **fields: Any) -> None:
    values = {
        "user_id": user,
        "product_id": product,
        "kind": "charge" if Decimal(amount) > 0 else "refund",
        "amount": Decimal(amount),
        "currency": "USD",
        "provider_ref": f"in_{user}_{amount}_{len(fields)}_{fields.get('currency')}",
        **fields,
    }
    async with db.session() as session:
        await session.execute(insert(Payment).values(**values))


async def test_ones_own_payments_are_listed_newest_first(
    client: httpx.AsyncClient, db: TestDatabase, auth_headers: Any
) -> None:
    user, stranger, product = await make_user(db), await make_user(db), await make_product(db, "coocook")
    await pay(db, user, "29", product=product, created_at=utcnow() - timedelta(days=2))
    await pay(db, user, "-29", refund_of="in_x", created_at=utcnow() - timedelta(days=1))
    await pay(db, user, "30", product=product)
    await pay(db, stranger, "31")
    page = (await client.get("/api/payment/history", headers=auth_headers(user))).json()
    assert [payment["amount"] for payment in page["payments"]] == [30, -29, 29]
    assert page["payments"][0]["product_name"] == "Coocook"
    assert (page["total"], page["pages"], page["current_page"]) == (3, 1, 1)
    query = {"page": 2, "per_page": 2}
    second = await client.get("/api/payment/history", params=query, headers=auth_headers(user))
    assert [payment["amount"] for payment in second.json()["payments"]] == [29]


async def test_the_billing_page_says_who_pays_what_when(
    client: httpx.AsyncClient, db: TestDatabase, auth_headers: Any
) -> None:
    user = await make_user(db)
    dollars, more, won = await make_product(db), await make_product(db), await make_product(db)
    soon, later = utcnow() + timedelta(days=3), utcnow() + timedelta(days=300)
    await subscribe(db, user, dollars, until=later, plan_type="annual", price=Decimal(290))
    await subscribe(db, user, more, until=soon)
    await subscribe(db, user, won, until=later, price=Decimal(590000), currency="KRW")
    await pay(db, user, "29")
    info = (await client.get("/api/payment/billing-info", headers=auth_headers(user))).json()
    assert info["customer_id"] is None
    assert len(info["subscriptions"]) == 3
    assert info["monthly_total"] == [
        {"currency": "KRW", "amount": 590000},
        {"currency": "USD", "amount": 53.17},
    ]
    assert info["upcoming_payments"][0]["amount"] == 29
    assert info["last_payment"]["amount"] == 29


async def test_the_billing_page_of_who_has_nothing_is_empty(
    client: httpx.AsyncClient, db: TestDatabase, auth_headers: Any
) -> None:
    info = (await client.get("/api/payment/billing-info", headers=auth_headers(await make_user(db)))).json()
    assert info["subscriptions"] == info["upcoming_payments"] == info["monthly_total"] == []
    assert info["last_payment"] is None


@pytest.mark.parametrize("path", ["/api/payment/billing-info", "/api/platform/dashboard"])
async def test_the_token_of_a_user_who_is_gone_is_401(
    client: httpx.AsyncClient, auth_headers: Any, path: str
) -> None:
    assert (await client.get(path, headers=auth_headers(987_654))).status_code == 401


async def test_revenue_is_of_the_ledger_and_recurs_by_the_subscriptions(
    client: httpx.AsyncClient, db: TestDatabase, auth_headers: Any
) -> None:
    one, two = await make_user(db), await make_user(db)
    coocook = await make_product(db, "coocook")
    builder = await make_product(db, "builder", monthly="590000", annual=None, currency="KRW")
    unsold = await make_product(db, "unsold")
    await subscribe(db, one, coocook)
    await subscribe(db, two, coocook, plan_type="annual", price=Decimal(290))
    await subscribe(db, two, builder, price=Decimal(590000), currency="KRW")
    await subscribe(db, two, unsold, until=utcnow() - timedelta(days=3))
    for user, amount, fields in (
        (one, "29", {}),
        (two, "290", {}),
        (one, "-9", {"refund_of": "in_1"}),
        (two, "590000", {"currency": "KRW"}),
        (two, "7", {"currency": "EUR"}),
    ):
        await pay(db, user, amount, product=coocook, **fields)
    answer = await client.get("/api/platform/admin/revenue", headers=auth_headers(one, "admin"))
    assert answer.status_code == 200
    content = answer.json()
    mrr = 29 + 290 / 12 + 590000 * 0.00072
    assert content["mrr"] == pytest.approx(mrr, abs=0.01)
    assert content["arr"] == pytest.approx(mrr * 12, abs=0.1)
    assert content["total_revenue"] == pytest.approx(29 + 290 - 9 + 424.8, abs=0.01)
    assert (content["total_users"], content["active_subscriptions"]) == (2, 3)
    assert content["currency"] == "USD"
    by_product = {entry["product_name"]: entry for entry in content["revenue_by_product"]}
    assert by_product["Coocook"]["subscriptions"] == 2
    assert by_product["Coocook"]["monthly_revenue"] == pytest.approx(53.17, abs=0.01)
    assert by_product["Builder"]["monthly_revenue"] == pytest.approx(424.8)
    assert by_product["Unsold"] == {"product_name": "Unsold", "subscriptions": 0, "monthly_revenue": 0}
    by_currency = {entry["currency"]: entry for entry in content["by_currency"]}
    assert (by_currency["KRW"]["mrr"], by_currency["KRW"]["total_revenue"]) == (590000, 590000)
    assert by_currency["EUR"]["rate"] is None
    assert (by_currency["USD"]["rate"], by_currency["USD"]["total_revenue"]) == (1, 310)


async def test_revenue_of_nothing_is_zero(client: httpx.AsyncClient, auth_headers: Any) -> None:
    content = (await client.get("/api/platform/admin/revenue", headers=auth_headers(1, "admin"))).json()
    assert content["mrr"] == content["arr"] == content["total_revenue"] == 0
    assert content["revenue_by_product"] == []
