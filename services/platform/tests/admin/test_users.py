"""What an administrator does with users."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sqlalchemy import select

from platform_service.tables import Outbox
from services.platform.tests.factories import (
    bearer,
    log_in,
    make_product,
    make_user,
    registered,
    subscribe,
)
from testing.rollback import TestDatabase

PATH = "/api/platform/admin/users"


async def listed(client: httpx.AsyncClient, headers: dict[str, str], **query: Any) -> dict[str, Any]:
    answer = await client.get(PATH, params=query, headers=headers)
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = answer.json()
    return content


async def test_users_are_listed_by_page_with_their_subscriptions(
    client: httpx.AsyncClient, db: TestDatabase, auth_headers: Any
) -> None:
    users = [await make_user(db) for _ in range(3)]
    for _ in range(2):
        await subscribe(db, users[0], await make_product(db))
    admin = auth_headers(users[1], "admin")
    page = await listed(client, admin, per_page=2)
    assert page.keys() == {"users", "total", "pages", "current_page"}
    assert (page["total"], page["pages"], page["current_page"]) == (3, 2, 1)
    assert [user["id"] for user in page["users"]] == [users[2], users[1]]
    last = await listed(client, admin, per_page=2, page=2)
    assert last["users"][0]["active_subscriptions"] == 2
    assert last["users"][0].keys() >= {"id", "email", "name", "role", "created_at", "active_subscriptions"}
    beyond = await listed(client, admin, page=10**12)
    assert (beyond["users"], beyond["total"]) == ([], 3)


async def test_users_are_filtered(client: httpx.AsyncClient, db: TestDatabase, auth_headers: Any) -> None:
    kim = await make_user(db, email="Kim@example.com", name="Kim")
    lee = await make_user(db, email="lee@example.com", name="100%_Lee", role="admin")
    off = await make_user(db, email="off@example.com", name="Off", is_active=False)
    admin = auth_headers(lee, "admin")

    async def ids(**query: Any) -> list[int]:
        return [user["id"] for user in (await listed(client, admin, **query))["users"]]

    assert await ids(q="KIM@") == [kim]
    assert await ids(q="lee") == [lee]
    assert await ids(q="%_") == [lee]
    assert await ids(role="admin") == [lee]
    assert await ids(active="false") == [off]
    assert await ids(active="true") == [lee, kim]
    assert await ids(q="nobody") == []


@pytest.mark.parametrize("query", [{"role": "x"}, {"active": "x"}])
async def test_a_wrong_filter_is_named(
    client: httpx.AsyncClient, auth_headers: Any, query: dict[str, Any]
) -> None:
    answer = await client.get(PATH, params=query, headers=auth_headers(1, "admin"))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] in query


async def test_the_list_takes_two_queries(
    client: httpx.AsyncClient, db: TestDatabase, auth_headers: Any, query_recorder: Any
) -> None:
    for _ in range(5):
        await make_user(db)
    admin = auth_headers(1, "admin")
    await listed(client, admin)
    with query_recorder() as queries:
        await listed(client, admin)
    assert len(queries) == 2


async def change(
    client: httpx.AsyncClient, headers: dict[str, str], user_id: int, **body: Any
) -> httpx.Response:
    return await client.patch(f"{PATH}/{user_id}", json=body, headers=headers)


async def test_who_is_deactivated_is_logged_out_and_stays_out(
    committed_client: httpx.AsyncClient, committed_db: Any, auth_headers: Any
) -> None:
    client = committed_client
    made = await registered(client)
    user_id, email = made["user"]["id"], made["user"]["email"]
    admin = auth_headers(await make_user(committed_db, role="admin"), "admin")
    answer = await change(client, admin, user_id, is_active=False)
    assert answer.status_code == 200
    assert answer.json()["is_active"] is False
    assert (await client.get("/api/auth/me", headers=made["headers"])).status_code == 401
    refreshed = await client.post("/api/auth/refresh", json={"refresh_token": made["refresh_token"]})
    assert refreshed.status_code == 401
    assert (await log_in(client, email)).status_code == 403
    assert (await change(client, admin, user_id, is_active=True)).status_code == 200
    assert (await log_in(client, email)).status_code == 200
    async with committed_db.read(fresh=True) as connection:
        events = (await connection.execute(select(Outbox.__table__).order_by(Outbox.id))).all()
    updates = [event.data for event in events if event.type == "user.updated"]
    assert [(event["is_active"], event["version"]) for event in updates] == [(False, 2), (True, 3)]


async def test_a_new_role_holds_from_the_next_login(
    committed_client: httpx.AsyncClient, committed_db: Any, auth_headers: Any
) -> None:
    client = committed_client
    made = await registered(client)
    admin = auth_headers(await make_user(committed_db, role="admin"), "admin")
    assert (await change(client, admin, made["user"]["id"], role="admin")).json()["role"] == "admin"
    assert (await client.get("/api/auth/me", headers=made["headers"])).status_code == 401
    tokens = (await log_in(client, made["user"]["email"])).json()
    assert (await client.get(PATH, headers=bearer(tokens["access_token"]))).status_code == 200


async def test_administrators_do_not_lock_themselves_out(
    client: httpx.AsyncClient, db: TestDatabase, auth_headers: Any
) -> None:
    admin_id = await make_user(db, role="admin")
    answer = await change(client, auth_headers(admin_id, "admin"), admin_id, is_active=False)
    assert answer.status_code == 409


@pytest.mark.parametrize(
    ("body", "field"),
    [({"role": "root"}, "role"), ({"is_active": "yes"}, "is_active")],
)
async def test_a_wrong_change_is_named(
    client: httpx.AsyncClient, auth_headers: Any, body: dict[str, Any], field: str
) -> None:
    answer = await change(client, auth_headers(1, "admin"), 1, **body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


async def test_an_unknown_user_is_404(client: httpx.AsyncClient, auth_headers: Any) -> None:
    assert (await change(client, auth_headers(1, "admin"), 999_999, role="user")).status_code == 404
    assert (await change(client, auth_headers(1, "admin"), 2**63, role="user")).status_code == 422
    assert (await change(client, auth_headers(1, "admin"), 1)).status_code == 422
