"""Lists that go out as JSON without FastAPI's check have the shape that their endpoint declares."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from pydantic import BaseModel, create_model

from platform_service.internal.schemas import EntitlementItem, UserItem
from platform_service.subscriptions.schemas import Product, Subscription
from services.platform.tests.factories import make_product, make_user, subscribe
from testing.rollback import TestDatabase


def check(schema: type[BaseModel], row: dict[str, Any]) -> None:
    """Every field is there with its type, and no other."""
    exact = create_model("Exact", __base__=schema, __cls_kwargs__={"strict": True, "extra": "forbid"})
    assert row.keys() == schema.model_fields.keys()
    exact.model_validate_json(httpx.Response(200, json=row).content)


@pytest.mark.parametrize(
    ("path", "schema"),
    [
        ("/api/platform/products", Product),
        ("/api/payment/plans", Product),
        ("/api/payment/subscriptions", Subscription),
    ],
)
async def test_a_row_of_a_list_is_what_its_schema_says(
    client: httpx.AsyncClient, db: TestDatabase, auth_headers: Any, path: str, schema: type[BaseModel]
) -> None:
    user = await make_user(db)
    await subscribe(db, user, await make_product(db, "coocook"))
    (row,) = (await client.get(path, headers=auth_headers(user))).json()
    check(schema, row)


@pytest.mark.parametrize(
    ("scope", "schema"),
    [
        ("entitlements/{user}", EntitlementItem),
        ("snapshots/entitlements", EntitlementItem),
        ("snapshots/users", UserItem),
    ],
)
async def test_a_row_for_another_service_is_what_its_schema_says(
    client: httpx.AsyncClient, db: TestDatabase, service_headers: Any, scope: str, schema: type[BaseModel]
) -> None:
    user = await make_user(db)
    await subscribe(db, user, await make_product(db, "review"))
    headers = service_headers(scope.removesuffix("/{user}"), "review")
    answer = await client.get(f"/internal/{scope.format(user=user)}", headers=headers)
    (row,) = answer.json()["items"]
    check(schema, row)


async def test_money_is_a_number_with_the_decimals_of_the_database(
    client: httpx.AsyncClient, db: TestDatabase, auth_headers: Any
) -> None:
    user = await make_user(db)
    await subscribe(db, user, await make_product(db, "coocook"))
    headers = auth_headers(user)
    assert b'"monthly_price":29.00' in (await client.get("/api/platform/products")).content
    for path in ("/api/platform/dashboard", "/api/payment/subscriptions", "/api/payment/billing-info"):
        assert b'"price":29.00' in (await client.get(path, headers=headers)).content
