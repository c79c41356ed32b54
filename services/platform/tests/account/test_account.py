"""Logging out, changing the password, deleting the account."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from platform_service.auth import sessions
from platform_service.auth.revocation import END_SESSIONS_JOB
from platform_service.tables import Outbox
from platform_service.users.models import User
from platform_service.worker import build_jobs
from services.platform.tests.factories import (
    PASSWORD,
    bearer,
    log_in,
    make_product,
    registered,
    subscribe,
)
from shared.auth.revoked_sessions import KEY
from shared.db.database import Database
from shared.redis_clients import connect_redis
from testing import eventually
from testing.rollback import TestDatabase


async def me(client: httpx.AsyncClient, token: str) -> int:
    return (await client.get("/api/auth/me", headers=bearer(token))).status_code


async def refresh(client: httpx.AsyncClient, token: str) -> int:
    return (await client.post("/api/auth/refresh", json={"refresh_token": token})).status_code


async def test_a_user_has_so_many_sessions_and_the_ones_used_longest_ago_end(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "MAX_OPEN", 3)
    made = await registered(client)
    second, third = [(await log_in(client, made["user"]["email"])).json() for _ in range(2)]
    renewed = (await client.post("/api/auth/refresh", json={"refresh_token": made["refresh_token"]})).json()
    await log_in(client, made["user"]["email"])
    assert await refresh(client, second["refresh_token"]) == 401
    assert await refresh(client, third["refresh_token"]) == 200
    assert await refresh(client, renewed["refresh_token"]) == 200


async def test_logging_out_ends_this_session_alone(client: httpx.AsyncClient) -> None:
    made = await registered(client)
    other = (await log_in(client, made["user"]["email"])).json()
    answer = await client.post("/api/auth/logout", headers=made["headers"])
    assert answer.status_code == 200
    assert await me(client, made["access_token"]) == 401
    assert await refresh(client, made["refresh_token"]) == 401
    assert await me(client, other["access_token"]) == 200
    assert await refresh(client, other["refresh_token"]) == 200


async def test_logging_out_may_name_another_session_of_ones_own(client: httpx.AsyncClient) -> None:
    made = await registered(client)
    other = (await log_in(client, made["user"]["email"])).json()
    stranger = await registered(client)
    body = {"refresh_token": stranger["refresh_token"]}
    assert (await client.post("/api/auth/logout", json=body, headers=made["headers"])).status_code == 200
    assert await refresh(client, stranger["refresh_token"]) == 200
    body = {"refresh_token": made["refresh_token"]}
    answer = await client.post("/api/auth/logout", json=body, headers=bearer(other["access_token"]))
    assert answer.status_code == 200
    assert await me(client, other["access_token"]) == 401


async def test_logging_out_everywhere_ends_every_session(committed_client: httpx.AsyncClient) -> None:
    client = committed_client
    made = await registered(client)
    other = (await log_in(client, made["user"]["email"])).json()
    assert (await client.post("/api/auth/logout-all", headers=made["headers"])).status_code == 200
    for tokens in (made, other):
        assert await me(client, tokens["access_token"]) == 401
        assert await refresh(client, tokens["refresh_token"]) == 401
    assert (await log_in(client, made["user"]["email"])).status_code == 200


async def test_own_sessions_are_listed(client: httpx.AsyncClient) -> None:
    made = await registered(client)
    await client.post(
        "/api/auth/login",
        json={"email": made["user"]["email"], "password": PASSWORD},
        headers={"User-Agent": "A telephone"},
    )
    listed = (await client.get("/api/auth/sessions", headers=made["headers"])).json()["sessions"]
    assert listed[0]["user_agent"] == "A telephone"
    assert [one["current"] for one in listed] == [False, True]
    assert listed[0].keys() == {"id", "created_at", "last_used_at", "user_agent", "current"}


async def test_a_changed_password_ends_every_session_and_opens_one(
    committed_client: httpx.AsyncClient,
) -> None:
    client = committed_client
    made = await registered(client)
    other = (await log_in(client, made["user"]["email"])).json()
    body = {"current_password": PASSWORD, "new_password": "another password"}
    answer = await client.post("/api/auth/password", json=body, headers=made["headers"])
    assert answer.status_code == 200
    assert await me(client, answer.json()["access_token"]) == 200
    assert await refresh(client, answer.json()["refresh_token"]) == 200
    for tokens in (made, other):
        assert await me(client, tokens["access_token"]) == 401
        assert await refresh(client, tokens["refresh_token"]) == 401
    assert (await log_in(client, made["user"]["email"])).status_code == 401
    assert (await log_in(client, made["user"]["email"], "another password")).status_code == 200


async def test_a_password_is_changed_by_who_knows_it_to_one_that_may_be(client: httpx.AsyncClient) -> None:
    made = await registered(client)
    wrong = {"current_password": "not the password", "new_password": "another password"}
    assert (await client.post("/api/auth/password", json=wrong, headers=made["headers"])).status_code == 403
    weak = {"current_password": PASSWORD, "new_password": "short"}
    answer = await client.post("/api/auth/password", json=weak, headers=made["headers"])
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "new_password"
    assert await me(client, made["access_token"]) == 200


async def delete(client: httpx.AsyncClient, headers: dict[str, str], password: str) -> httpx.Response:
    return await client.request("DELETE", "/api/auth/me", json={"password": password}, headers=headers)


async def test_a_deleted_account_leaves_nothing_personal_and_frees_its_address(
    committed_client: httpx.AsyncClient, committed_db: Database
) -> None:
    client, email = committed_client, "kim@example.com"
    made = await registered(client, email, name="Kim Chulsoo")
    user_id = made["user"]["id"]
    product = await make_product(committed_db, "coocook")
    await subscribe(committed_db, user_id, product, provider_subscription_id="sub_1", price=Decimal(29))
    assert (await delete(client, made["headers"], "not the password")).status_code == 403
    assert (await delete(client, made["headers"], PASSWORD)).status_code == 200

    assert await me(client, made["access_token"]) == 401
    assert await refresh(client, made["refresh_token"]) == 401
    assert (await log_in(client, email)).status_code == 401
    async with committed_db.read(fresh=True) as connection:
        row = (await connection.execute(select(User.__table__).where(User.id == user_id))).mappings().one()
        events = (await connection.execute(select(Outbox.__table__))).mappings().all()
        jobs = list(await connection.scalars(_jobs()))
    assert "kim" not in str(dict(row)).lower()
    assert row["is_active"] is False
    assert [event["type"] for event in events].count("user.deleted") == 1
    changes = [str(event) for event in events if event["type"] == "entitlement.changed"]
    assert len(changes) == 2
    assert "subscriptions.cancel_at_provider" in jobs
    again = await registered(client, email)
    assert again["user"]["id"] != user_id


async def test_sessions_end_also_when_redis_was_away(
    committed_client: httpx.AsyncClient, committed_db: Database
) -> None:
    client = committed_client
    made = await registered(client)
    state: Any = client._transport.app.state  # type: ignore[attr-defined]
    working, nowhere = state.runtime.revoked._redis, connect_redis("redis://127.0.0.1:1")
    state.runtime.revoked._redis = nowhere
    assert (await client.post("/api/auth/logout-all", headers=made["headers"])).status_code == 200
    assert await refresh(client, made["refresh_token"]) == 401
    async with committed_db.read(fresh=True) as connection:
        assert END_SESSIONS_JOB in list(await connection.scalars(_jobs()))
    assert await working.zcard(KEY) == 0
    state.runtime.revoked._redis = working
    await nowhere.aclose()

    async def told() -> bool:
        return bool(await working.zcard(KEY) == 1)

    await eventually(told)
    await (
        build_jobs(state.payments, state.session_revoker, grace=timedelta(hours=24))
        .tasks[END_SESSIONS_JOB]
        .handler(state.runtime, {"user_id": made["user"]["id"], "epoch": 1})
    )
    assert await me(client, made["access_token"]) == 401
    assert await refresh(client, made["refresh_token"]) == 401


async def test_an_old_epoch_is_not_refreshed(client: httpx.AsyncClient, db: TestDatabase) -> None:
    from sqlalchemy import update

    made = await registered(client)
    async with db.session() as session:
        await session.execute(update(User).values(session_epoch=User.session_epoch + 1))
    assert await refresh(client, made["refresh_token"]) == 401
    assert await me(client, made["access_token"]) == 401


def _jobs() -> Any:
    from sqlalchemy import text

    return text("SELECT entrypoint FROM pgqueuer")
