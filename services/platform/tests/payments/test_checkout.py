"""From the checkout to the subscription."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, text

from platform_service.payments.models import Checkout, Payment
from platform_service.subscriptions.models import Subscription
from platform_service.users.models import Customer
from services.platform.tests.factories import make_product
from services.platform.tests.payments.conftest import Shop


async def count(shop: Shop, table: Any) -> int:
    async with shop.database.read(fresh=True) as connection:
        return await connection.scalar(select(func.count()).select_from(table)) or 0


async def test_who_pays_is_subscribed(shop: Shop) -> None:
    assert await shop.get("/api/payment/subscriptions") == []
    session_id = await shop.open_page()
    waiting = await shop.come_back(session_id)
    assert waiting.status_code == 200
    assert "not completed" in waiting.json()["message"]
    assert await shop.get("/api/payment/subscriptions") == []
    await shop.pay(session_id)
    assert "active" in (await shop.come_back(session_id)).json()["message"]
    (subscription,) = await shop.get("/api/payment/subscriptions")
    assert subscription["status"] == "active"
    assert subscription["plan_type"] == "monthly"
    assert subscription["product_id"] == shop.product
    assert subscription["current_period_end"].endswith("Z")
    assert await count(shop, Payment) == 1


async def test_the_success_page_is_safe_to_load_twice(shop: Shop) -> None:
    session_id = await shop.subscribe()
    again = await shop.come_back(session_id)
    assert again.status_code == 200
    assert again.json()["message"]
    assert await count(shop, Subscription) == await count(shop, Payment) == 1


async def test_an_unknown_checkout_is_404(shop: Shop) -> None:
    assert (await shop.come_back("cs_test_unknown")).status_code == 404


async def test_an_unknown_product_is_404(shop: Shop) -> None:
    answer = await shop.checkout(product_id=shop.product + 1000)
    assert answer.status_code == 404
    retired = await make_product(shop.database, is_active=False)
    assert (await shop.checkout(product_id=retired)).status_code == 404


async def test_a_plan_that_is_not_offered_is_422(shop: Shop) -> None:
    monthly_only = await make_product(shop.database, annual=None)
    answer = await shop.checkout(product_id=monthly_only, plan_type="annual")
    assert answer.status_code == 422
    assert answer.json()["code"] == "plan_not_offered"


async def test_who_is_subscribed_is_409_until_the_end(shop: Shop) -> None:
    await shop.subscribe()
    answer = await shop.checkout()
    assert answer.status_code == 409
    assert answer.json()["code"] == "already_subscribed"


async def test_an_annual_plan_costs_the_annual_price(shop: Shop) -> None:
    await shop.subscribe(plan_type="annual")
    (subscription,) = await shop.get("/api/payment/subscriptions")
    assert (subscription["plan_type"], subscription["price"]) == ("annual", 290)
    (payment,) = (await shop.get("/api/payment/history"))["payments"]
    assert (payment["amount"], payment["currency"]) == (290, "USD")


async def test_won_have_no_cents(shop: Shop) -> None:
    builder = await make_product(shop.database, monthly="590000", annual=None, currency="KRW")
    await shop.subscribe(product_id=builder)
    (payment,) = (await shop.get("/api/payment/history"))["payments"]
    assert (payment["amount"], payment["currency"]) == (590000, "KRW")


async def test_a_price_that_cannot_be_charged_is_refused_by_name(shop: Shop) -> None:
    """A row that was written before the database looked at prices."""
    products = []
    async with shop.database.session() as session:
        for name in ("ck_products_currency", "ck_products_whole_prices"):
            await session.execute(text(f"ALTER TABLE products DROP CONSTRAINT {name}"))
    for monthly, currency in (("29", "XYZ"), ("590000.5", "KRW"), ("7.5", "UGX")):
        products.append(await make_product(shop.database, monthly=monthly, annual=None, currency=currency))
    for product in products:
        answer = await shop.checkout(product_id=product)
        assert (answer.status_code, answer.json()["code"]) == (422, "price_not_chargeable")


async def test_a_user_is_one_customer_of_the_provider(shop: Shop) -> None:
    another = await make_product(shop.database)
    answers = await asyncio.gather(
        *[shop.checkout(product_id=product) for product in (shop.product, another) for _ in range(3)]
    )
    assert {answer.status_code for answer in answers} == {200}
    assert await count(shop, Customer) == 1


async def test_the_same_key_leads_to_the_same_page(shop: Shop) -> None:
    headers = {**shop.headers, "Idempotency-Key": "checkout-1"}

    async def ask(**body: Any) -> httpx.Response:
        wanted = {"product_id": shop.product, **body}
        return await shop.client.post("/api/payment/checkout", json=wanted, headers=headers)

    answers = await asyncio.gather(*[ask() for _ in range(3)])
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["checkout_url"] for answer in answers}) == 1
    assert await count(shop, Checkout) == 1
    other = await ask(plan_type="annual")
    assert other.status_code == 422
    assert other.json()["code"] == "idempotency_key_reused"


async def test_a_refused_checkout_leaves_its_key_free(shop: Shop) -> None:
    headers = {**shop.headers, "Idempotency-Key": "checkout-1"}
    body = {"product_id": shop.product + 1000}
    for _ in range(2):
        answer = await shop.client.post("/api/payment/checkout", json=body, headers=headers)
        assert answer.status_code == 404


async def test_a_provider_that_is_away_is_503_and_leaves_nothing_behind(shop: Shop) -> None:
    await shop.order("faults", path="/v1/customers", mode="error_500", times=10)
    answer = await shop.checkout()
    assert answer.status_code == 503
    assert answer.json()["error"]
    assert await count(shop, Customer) == await count(shop, Checkout) == 0
    await shop.browser.delete(f"{shop.sandbox.url}/_sandbox/faults")
    assert (await shop.checkout()).status_code == 200


async def test_an_expired_page_says_so(shop: Shop) -> None:
    session_id = await shop.open_page()
    await shop.order(f"checkouts/{session_id}/expire")
    answer = await shop.come_back(session_id)
    assert answer.status_code == 200
    assert "expired" in answer.json()["message"]


@pytest.mark.parametrize(
    "body",
    [
        {"product_id": 0},
        {"product_id": 2**63},
        {"product_id": "x"},
        {"product_id": True},
        {"plan_type": "weekly", "product_id": 1},
        {},
    ],
)
async def test_a_wrong_wish_is_422_and_named(shop: Shop, body: dict[str, Any]) -> None:
    answer = await shop.client.post("/api/payment/checkout", json=body, headers=shop.headers)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] in {"product_id", "plan_type"}
