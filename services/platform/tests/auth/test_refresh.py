"""Refresh tokens: used once, repeated within the grace, and the family's end when one is used again."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import orjson
from sqlalchemy import func, select, update

from platform_service.auth.models import SessionRow
from platform_service.auth.sessions import purge_expired
from platform_service.users.models import User
from services.platform.tests.factories import bearer, log_in, registered
from testing import eventually
from testing.rollback import TestDatabase


async def refresh(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.post("/api/auth/refresh", json={"refresh_token": token})


async def test_a_refresh_token_is_exchanged_for_the_next_tokens(client: httpx.AsyncClient) -> None:
    made = await registered(client)
    answer = await refresh(client, made["refresh_token"])
    assert answer.status_code == 200
    content = answer.json()
    assert content.keys() == {"access_token", "refresh_token"}
    assert (await client.get("/api/auth/me", headers=bearer(content["access_token"]))).status_code == 200
    assert (await refresh(client, content["refresh_token"])).status_code == 200


async def test_who_lost_the_answer_gets_the_same_successor(client: httpx.AsyncClient) -> None:
    made = await registered(client)
    first = (await refresh(client, made["refresh_token"])).json()
    second = (await refresh(client, made["refresh_token"])).json()
    assert first["refresh_token"] == second["refresh_token"]
    assert (await refresh(client, second["refresh_token"])).status_code == 200


async def test_two_refreshes_at_once_get_the_same_successor(committed_client: httpx.AsyncClient) -> None:
    made = await registered(committed_client)
    answers = await asyncio.gather(*[refresh(committed_client, made["refresh_token"]) for _ in range(10)])
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1


async def test_reuse_after_the_grace_ends_the_session_everywhere(
    client_for: Any, definition: Any, db: TestDatabase
) -> None:
    async with client_for(definition, db, refresh_grace_seconds=0) as client:
        made = await registered(client)
        other = (await log_in(client, made["user"]["email"])).json()
        successor = (await refresh(client, made["refresh_token"])).json()

        async def reused() -> bool:
            answer = await refresh(client, made["refresh_token"])
            return bool(answer.status_code == 401)

        await eventually(reused)
        assert (await refresh(client, successor["refresh_token"])).status_code == 401
        for token in (made["access_token"], successor["access_token"]):
            assert (await client.get("/api/auth/me", headers=bearer(token))).status_code == 401
        assert (await client.get("/api/auth/me", headers=bearer(other["access_token"]))).status_code == 200
        assert (await refresh(client, other["refresh_token"])).status_code == 200


async def test_who_hung_up_before_the_answer_may_come_again(
    client_for: Any, definition: Any, db: TestDatabase
) -> None:
    async with client_for(definition, db, refresh_grace_seconds=0) as client:
        made = await registered(client)
        body = orjson.dumps({"refresh_token": made["refresh_token"]})
        messages = [{"type": "http.request", "body": body, "more_body": False}]
        sent: list[Any] = []

        async def receive() -> Any:
            return messages.pop() if messages else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        path = "/api/auth/refresh"
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        scope = {
            "type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "root_path": "",
            "query_string": b"", "headers": headers, "http_version": "1.1", "scheme": "http",
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 1),
        }  # fmt: skip
        await client._transport.app(scope, receive, send)
        assert sent[0]["status"] == 200
        assert (await refresh(client, made["refresh_token"])).status_code == 200
        assert (await refresh(client, made["refresh_token"])).status_code == 401


async def test_a_token_older_than_the_last_is_reuse_also_within_the_grace(client: httpx.AsyncClient) -> None:
    made = await registered(client)
    second = (await refresh(client, made["refresh_token"])).json()
    third = (await refresh(client, second["refresh_token"])).json()
    reused = await refresh(client, made["refresh_token"])
    assert reused.status_code == 401
    assert reused.json()["code"] == "refresh_token_reused"
    assert (await refresh(client, third["refresh_token"])).status_code == 401


async def test_a_made_up_token_ends_nobodys_session(client: httpx.AsyncClient) -> None:
    made = await registered(client)
    session_id, secret, tag = made["refresh_token"].split(".")
    for guess in (
        f"{session_id}.{'0' * 64}.{tag}",
        f"{session_id}.{'0' * 64}.{'0' * 20}",
        f"{'0' * 32}.{secret}.{tag}",
        f"{session_id}.{secret[:-2]}.{tag}",
        session_id,
        "..",
        "é" * 40,
        "x" * 512,
    ):
        answer = await refresh(client, guess)
        assert answer.status_code == 401
        assert answer.json()["code"] == "invalid_refresh_token"
    assert (await refresh(client, made["refresh_token"])).status_code == 200


async def test_the_table_holds_no_refresh_token(client: httpx.AsyncClient, db: TestDatabase) -> None:
    made = await registered(client)
    successor = (await refresh(client, made["refresh_token"])).json()
    async with db.read() as connection:
        contents = str((await connection.execute(select(SessionRow.__table__))).all())
    assert made["refresh_token"].split(".")[0] in contents
    for token in (made["refresh_token"], successor["refresh_token"]):
        assert token.split(".")[1] not in contents


async def test_expired_sessions_are_not_refreshed_and_purged(
    client: httpx.AsyncClient, db: TestDatabase
) -> None:
    old, made = await registered(client), await registered(client)
    lifetime = func.avg(SessionRow.expires_at - SessionRow.used_at)
    async with db.read() as connection:
        kept = await connection.scalar(select(lifetime))
    assert isinstance(kept, timedelta)
    assert abs(kept - timedelta(days=30)) < timedelta(seconds=1)
    async with db.session() as session:
        passed = update(SessionRow).where(SessionRow.user_id == old["user"]["id"])
        await session.execute(passed.values(expires_at=func.clock_timestamp()))
    assert (await refresh(client, old["refresh_token"])).status_code == 401
    assert await purge_expired(db) == 1
    assert (await refresh(client, old["refresh_token"])).status_code == 401
    assert (await refresh(client, made["refresh_token"])).status_code == 200


async def test_a_refresh_carries_the_users_role_of_now(client: httpx.AsyncClient, db: TestDatabase) -> None:
    made = await registered(client)
    async with db.session() as session:
        await session.execute(update(User).where(User.id == made["user"]["id"]).values(role="admin"))
    renewed = (await refresh(client, made["refresh_token"])).json()
    answer = await client.get("/api/platform/admin/users", headers=bearer(renewed["access_token"]))
    assert answer.status_code == 200
