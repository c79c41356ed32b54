"""What other services read of us."""

from typing import Any

import httpx
import pytest

from services.platform.tests.factories import make_product, make_user, subscribe
from shared.testing.rollback import TestDatabase


async def read_all(client: httpx.AsyncClient, path: str, headers: dict[str, str]) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        answer = await client.get(path, params=query, headers=headers)
        assert answer.status_code == 200, answer.text
        items += answer.json()["items"]
        if answer.json()["next"] is None:
            return items
        query["after"] = answer.json()["next"]


async def test_a_service_learns_what_a_user_may_use(
    client: httpx.AsyncClient, db: TestDatabase, service_headers: Any
) -> None:
    user = await make_user(db)
    await subscribe(db, user, await make_product(db, "coocook"))
    (item,) = (await client.get(f"/internal/entitlements/{user}", headers=service_headers())).json()["items"]
    assert item.keys() == {"user_id", "product", "active", "valid_until", "customer", "version"}
    assert (item["user_id"], item["product"], item["active"], item["version"]) == (user, "coocook", True, 1)
    nobody = await client.get("/internal/entitlements/999999", headers=service_headers())
    assert nobody.json() == {"items": []}


async def test_the_snapshot_of_entitlements_is_whole_and_without_doubles(
    client: httpx.AsyncClient, db: TestDatabase, service_headers: Any
) -> None:
    products = [await make_product(db) for _ in range(3)]
    users = [await make_user(db) for _ in range(3)]
    for user in users:
        for product in products:
            await subscribe(db, user, product)
    items = await read_all(client, "/internal/snapshots/entitlements", service_headers())
    assert len({(item["user_id"], item["product"]) for item in items}) == len(items) == 9


async def test_the_snapshot_of_users_leaves_out_deleted_ones(
    client: httpx.AsyncClient, db: TestDatabase, service_headers: Any
) -> None:
    from shared.clock import utcnow

    users = [await make_user(db, email=f"u{n}@example.com") for n in range(5)]
    await make_user(db, deleted_at=utcnow(), is_active=False)
    items = await read_all(client, "/internal/snapshots/users", service_headers())
    assert [item["user_id"] for item in items] == users
    assert items[0].keys() == {"user_id", "email", "name", "role", "is_active", "version"}


@pytest.mark.parametrize("after", ["x", "bm9uc2Vuc2U", "W10", "x" * 600])
async def test_a_cursor_that_was_not_given_out_is_422(
    client: httpx.AsyncClient, service_headers: Any, after: str
) -> None:
    for kind in ("users", "entitlements"):
        path = f"/internal/snapshots/{kind}"
        answer = await client.get(path, params={"after": after}, headers=service_headers())
        assert answer.status_code == 422


async def test_a_token_for_another_service_or_by_another_secret_is_401(
    client: httpx.AsyncClient, service_headers: Any
) -> None:
    for headers in (service_headers(target="coocook"), service_headers(secret="x" * 40)):
        assert (await client.get("/internal/entitlements/1", headers=headers)).status_code == 401
