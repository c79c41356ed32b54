"""The list of products, also from the cache, and the dashboard made of it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sqlalchemy.exc import IntegrityError

from services.platform.tests.factories import make_product, make_user, subscribe
from shared.db.database import Database
from shared.runtime import Runtime
from shared.schemas.money import CURRENCIES, decimals
from testing.rollback import TestDatabase

SHAPE = {"id", "slug", "name", "description", "icon", "monthly_price", "annual_price", "currency"}


@pytest.mark.parametrize("path", ["/api/platform/products", "/api/payment/plans"])
async def test_what_is_on_offer_is_listed_for_anybody(
    client: httpx.AsyncClient, db: TestDatabase, path: str
) -> None:
    await make_product(db, "coocook")
    await make_product(db, "builder", monthly="590000", annual=None, currency="KRW")
    await make_product(db, "retired", is_active=False)
    answer = await client.get(path)
    assert answer.status_code == 200
    first, second = answer.json()
    assert first.keys() == SHAPE
    assert (first["slug"], first["monthly_price"], first["annual_price"]) == ("coocook", 29, 290)
    assert (second["monthly_price"], second["annual_price"], second["currency"]) == (590000, None, "KRW")


async def test_a_list_that_the_client_has_is_304(client: httpx.AsyncClient, db: TestDatabase) -> None:
    await make_product(db)
    first = await client.get("/api/platform/products")
    assert first.headers["cache-control"].startswith("public, max-age=")
    again = await client.get("/api/platform/products", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_the_dashboard_shows_every_product_and_ones_own_subscriptions(
    client: httpx.AsyncClient, db: TestDatabase, auth_headers: Any
) -> None:
    user, stranger = await make_user(db), await make_user(db)
    mine, other = await make_product(db), await make_product(db)
    await subscribe(db, user, mine)
    await subscribe(db, stranger, other)
    content = (await client.get("/api/platform/dashboard", headers=auth_headers(user))).json()
    assert content.keys() == {"user", "products", "subscription_count"}
    assert content["user"]["id"] == user
    assert content["subscription_count"] == 1
    subscribed, not_subscribed = content["products"]
    assert subscribed["subscribed"] is True
    assert subscribed["subscription"]["product_id"] == mine
    assert subscribed["subscription"]["status"] == subscribed["status"] == "active"
    assert subscribed["next_billing"] == subscribed["subscription"]["current_period_end"]
    assert not_subscribed["subscribed"] is False
    assert (not_subscribed["status"], not_subscribed["next_billing"]) == (None, None)
    assert "subscription" not in not_subscribed


async def test_what_ends_with_its_period_has_no_next_billing(
    client: httpx.AsyncClient, db: TestDatabase, auth_headers: Any
) -> None:
    user = await make_user(db)
    await subscribe(db, user, await make_product(db), cancel_at_period_end=True)
    content = (await client.get("/api/platform/dashboard", headers=auth_headers(user))).json()
    (product,) = content["products"]
    assert (product["status"], product["next_billing"]) == ("active", None)


async def test_the_dashboard_takes_as_many_queries_for_many_products_as_for_one(
    client: httpx.AsyncClient, db: TestDatabase, auth_headers: Any, query_recorder: Any
) -> None:
    user = await make_user(db)
    for _ in range(6):
        await subscribe(db, user, await make_product(db))
    headers = auth_headers(user)
    await client.get("/api/platform/dashboard", headers=headers)
    with query_recorder() as queries:
        await client.get("/api/platform/dashboard", headers=headers)
    assert len(queries) == 3


async def test_a_product_is_sold_in_every_currency_that_can_be_counted(db: TestDatabase) -> None:
    for currency in CURRENCIES:
        price = "7" if decimals(currency) == 0 else "7.50"
        await make_product(db, monthly=price, annual=price, currency=currency)


@pytest.mark.parametrize(
    ("monthly", "annual", "currency"),
    [
        ("29", None, "XYZ"),
        ("29", None, "usd"),
        ("7.5", None, "KRW"),
        ("7", "70.5", "UGX"),
        ("7.5", None, "ISK"),
    ],
)
async def test_a_price_that_cannot_be_charged_is_no_product_s(
    committed_db: Database, monthly: str, annual: str | None, currency: str
) -> None:
    with pytest.raises(IntegrityError, match="ck_products_"):
        await make_product(committed_db, monthly=monthly, annual=annual, currency=currency)


async def test_a_second_read_needs_no_query_and_a_bumped_tag_does(
    client: httpx.AsyncClient, runtime: Runtime, db: TestDatabase
) -> None:
    from platform_service.subscriptions.queries import TAG
    from testing.databases import record_queries

    await make_product(db, "coocook")
    first = await client.get("/api/platform/products")
    with record_queries() as queries:
        for path in ("/api/platform/products", "/api/payment/plans"):
            again = await client.get(path)
            assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
    assert queries == []
    await make_product(db, "review")
    await runtime.cache.invalidate(TAG)
    assert [one["slug"] for one in (await client.get("/api/payment/plans")).json()] == ["coocook", "review"]
