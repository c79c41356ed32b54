"""What other services read of us."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest
from fastapi.routing import iter_route_contexts
from joserfc import jwt
from joserfc.jwk import OctKey
from sqlalchemy import insert

from platform_service.tables import Entitlement
from services.platform.tests.conftest import SERVICE_SECRETS
from services.platform.tests.factories import make_product, make_user, subscribe
from shared.redis_clients import connect_redis
from shared.schemas.dates import utcnow
from stack.services import NAMES
from testing.rollback import TestDatabase

MAY_READ = {
    "/internal/entitlements/1": {"coocook", "sns", "review", "ai"},
    "/internal/snapshots/entitlements": {"coocook", "sns", "review", "ai"},
    "/internal/snapshots/users": {"review"},
}
SCOPES = {path: path.removeprefix("/internal/").removesuffix("/1") for path in MAY_READ}


async def read_all(client: httpx.AsyncClient, kind: str, headers: Any, caller: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": 2}
    scope = f"snapshots/{kind}"
    while True:
        answer = await client.get(f"/internal/{scope}", params=query, headers=headers(scope, caller))
        assert answer.status_code == 200, answer.text
        items += answer.json()["items"]
        if answer.json()["next"] is None:
            return items
        query["after"] = answer.json()["next"]


async def test_a_service_learns_what_a_user_may_use(
    client: httpx.AsyncClient, db: TestDatabase, service_headers: Any
) -> None:
    user = await make_user(db)
    for product in ("coocook", "review"):
        await subscribe(db, user, await make_product(db, product))
    path = f"/internal/entitlements/{user}"
    (item,) = (await client.get(path, headers=service_headers("entitlements"))).json()["items"]
    assert item.keys() == {"user_id", "product", "active", "valid_until", "customer", "version"}
    assert (item["user_id"], item["product"], item["active"], item["version"]) == (user, "coocook", True, 1)
    nobody = await client.get("/internal/entitlements/999999", headers=service_headers("entitlements"))
    assert nobody.json() == {"items": []}


async def test_who_charges_nobody_learns_no_customer(
    client: httpx.AsyncClient, db: TestDatabase, service_headers: Any
) -> None:
    user = await make_user(db)
    async with db.session() as session:
        for product in ("coocook", "review"):
            values = {"user_id": user, "product": product, "active": True, "customer": "cus_1", "version": 1}
            await session.execute(insert(Entitlement).values(values))
    for caller, customer in (("coocook", "cus_1"), ("review", None)):
        (item,) = await read_all(client, "entitlements", service_headers, caller)
        assert (item["product"], item["customer"]) == (caller, customer)


async def test_the_snapshot_of_entitlements_is_whole_and_without_doubles(
    client: httpx.AsyncClient, db: TestDatabase, service_headers: Any
) -> None:
    products = [await make_product(db, slug) for slug in ("ai-automation", "webapp-builder", "coocook")]
    users = [await make_user(db) for _ in range(3)]
    for user in users:
        for product in products:
            await subscribe(db, user, product)
    items = await read_all(client, "entitlements", service_headers, "ai")
    assert len({(item["user_id"], item["product"]) for item in items}) == len(items) == 6


async def test_the_snapshot_of_users_leaves_out_deleted_ones(
    client: httpx.AsyncClient, db: TestDatabase, service_headers: Any
) -> None:
    users = [await make_user(db, email=f"u{n}@example.com") for n in range(5)]
    await make_user(db, deleted_at=utcnow(), is_active=False)
    items = await read_all(client, "users", service_headers, "review")
    assert [item["user_id"] for item in items] == users
    assert items[0].keys() == {"user_id", "email", "name", "version"}


@pytest.mark.parametrize("after", ["x", "bm9uc2Vuc2U", "W10", "x" * 600])
async def test_a_cursor_that_was_not_given_out_is_422(
    client: httpx.AsyncClient, service_headers: Any, after: str
) -> None:
    for kind in ("users", "entitlements"):
        headers = service_headers(f"snapshots/{kind}", "review")
        answer = await client.get(f"/internal/snapshots/{kind}", params={"after": after}, headers=headers)
        assert answer.status_code == 422


def test_every_internal_route_is_in_the_table_of_this_test(client: httpx.AsyncClient) -> None:
    app: Any = client._transport.app  # type: ignore[attr-defined]
    paths = {str(route.path) for route in iter_route_contexts(app.routes)}
    paths = {path for path in paths if path.startswith("/internal")}
    assert paths == {path.replace("/1", "/{user_id}") for path in MAY_READ}


@pytest.mark.parametrize("path", MAY_READ)
async def test_a_caller_reads_only_what_it_needs(
    client: httpx.AsyncClient, service_headers: Any, path: str
) -> None:
    for caller in NAMES:
        answer = await client.get(path, headers=service_headers(SCOPES[path], caller))
        assert answer.status_code == (200 if caller in MAY_READ[path] else 403), caller
        for other in set(SCOPES.values()) - {SCOPES[path]}:
            wrong = await client.get(path, headers=service_headers(other, caller))
            assert wrong.status_code == 401, "a token that was made for something else"


async def test_a_token_for_a_snapshot_is_taken_once(client: httpx.AsyncClient, service_headers: Any) -> None:
    for path in ("/internal/snapshots/entitlements", "/internal/snapshots/users"):
        headers = service_headers(SCOPES[path], "review")
        statuses = [(await client.get(path, headers=headers)).status_code for _ in range(2)]
        assert statuses == [200, 401]


async def test_a_snapshot_without_an_id_or_a_scope_in_its_token_is_refused(
    client: httpx.AsyncClient, service_headers: Any
) -> None:
    """As services of the release before call: they learn what one user may use, and no more."""
    now = int(time.time())
    claims = {"iss": "review", "aud": "platform", "iat": now, "exp": now + 60}
    key = OctKey.import_key(SERVICE_SECRETS["review"])
    for more, expected in (({}, [200, 401]), ({"scope": "snapshots/users"}, [401, 401])):
        token = jwt.encode({"alg": "HS256", "kid": "review"}, claims | more, key)
        headers = {"Authorization": f"Bearer {token}"}
        paths = ("/internal/entitlements/1", "/internal/snapshots/users")
        assert [(await client.get(path, headers=headers)).status_code for path in paths] == expected


async def test_without_redis_no_snapshot_is_read_and_a_users_entitlements_are(
    client: httpx.AsyncClient, service_headers: Any
) -> None:
    runtime: Any = client._transport.app.state.runtime  # type: ignore[attr-defined]
    working, runtime.redis = runtime.redis, connect_redis("redis://127.0.0.1:1")
    for path, expected in (("/internal/snapshots/users", 503), ("/internal/entitlements/1", 200)):
        answer = await client.get(path, headers=service_headers(SCOPES[path], "review"))
        assert answer.status_code == expected
    await runtime.redis.aclose()
    runtime.redis = working


async def test_a_token_for_another_service_or_by_another_secret_is_401(
    client: httpx.AsyncClient, service_headers: Any
) -> None:
    for wrong in ({"target": "coocook"}, {"secret": "x" * 40}):
        headers = service_headers("entitlements", **wrong)
        assert (await client.get("/internal/entitlements/1", headers=headers)).status_code == 401
