"""What an outage may do to sessions: delay them. It uses up no token, and brings nothing ended back to life."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any
from unittest.mock import ANY

import httpx
import pytest
from redis.asyncio import Redis
from sqlalchemy import select

from platform_service.auth.models import SessionRow
from platform_service.auth.refresh_tokens import digest, join
from platform_service.auth.revocation import keep_ended
from services.platform.tests.factories import bearer, log_in, registered
from shared.auth.revoked_sessions import KEY, RevokedSessions
from shared.db.database import Database
from shared.service import ServiceDefinition
from testing import eventually
from testing.app import open_test_runtime
from testing.outages import HoldingProxy
from testing.service_fixtures import ClientFactory, RuntimeFactory

GRACE = 0.2
IMPATIENT = {"refresh_grace_seconds": GRACE, "request_timeout_seconds": 1.0}


async def refresh(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.post("/api/auth/refresh", json={"refresh_token": token})


async def me(client: httpx.AsyncClient, token: str) -> int:
    return (await client.get("/api/auth/me", headers=bearer(token))).status_code


@pytest.fixture
async def far_db(committed_db: Database) -> AsyncIterator[tuple[Database, HoldingProxy]]:
    """The test's database behind a proxy."""
    async with HoldingProxy.before(committed_db.url) as proxy:
        database = Database(proxy.url, application_name="test", pool_size=10, max_overflow=10)
        yield database, proxy
        proxy.let_go()
        await database.close()


async def test_who_refreshes_while_the_database_is_away_goes_on_with_the_same_token(
    client_for: ClientFactory, definition: ServiceDefinition, far_db: tuple[Database, HoldingProxy]
) -> None:
    database, proxy = far_db
    async with client_for(definition, database, **IMPATIENT) as client:
        users = [await registered(client) for _ in range(5)]
        proxy.hold()
        answers = await asyncio.gather(*[refresh(client, user["refresh_token"]) for user in users])
        assert {answer.status_code for answer in answers} == {503}
        proxy.let_go()
        for user in users:
            answer = await _answered(client, user["refresh_token"])
            assert answer.status_code == 200, answer.text
            assert (await refresh(client, answer.json()["refresh_token"])).status_code == 200


async def test_a_token_whose_exchange_was_committed_and_never_answered_is_not_used(
    client_for: ClientFactory,
    definition: ServiceDefinition,
    committed_db: Database,
    far_db: tuple[Database, HoldingProxy],
) -> None:
    database, proxy = far_db
    async with client_for(definition, database, **IMPATIENT) as client:
        made = await registered(client)
        proxy.hold_answers_after(b"COMMIT;")
        assert (await refresh(client, made["refresh_token"])).status_code == 503
        async with committed_db.read(fresh=True) as connection:
            assert await connection.scalar(select(SessionRow.previous_hash)) is not None
        proxy.let_go()
        answer = await _answered(client, made["refresh_token"])
        assert answer.status_code == 200, answer.text

        async def reused() -> bool:
            return (await refresh(client, made["refresh_token"])).status_code == 401

        await eventually(reused)  # Now it was answered: the grace is over, and theft is seen as ever.


async def test_a_refresh_needs_no_redis(
    client_for: ClientFactory,
    definition: ServiceDefinition,
    committed_db: Database,
    redis_url: str,
    settings_overrides: Mapping[str, Any],
) -> None:
    settings = {**settings_overrides, **IMPATIENT}
    async with (
        HoldingProxy.before(redis_url) as proxy,
        Redis.from_url(proxy.url) as far,
        open_test_runtime(
            definition, database=committed_db, redis=far, redis_url=redis_url, settings=settings
        ) as runtime,
        client_for(definition, runtime=runtime) as client,
    ):
        made = await registered(client)
        proxy.hold()
        answer = await refresh(client, made["refresh_token"])
        proxy.let_go()
        assert answer.status_code == 200, answer.text
        assert (await refresh(client, answer.json()["refresh_token"])).status_code == 200


async def test_what_was_ended_stays_ended_when_redis_lost_its_tail(
    client_for: ClientFactory, definition: ServiceDefinition, committed_db: Database, redis_client: Redis
) -> None:
    async with client_for(definition, committed_db) as client:
        made = await registered(client)
        other = (await log_in(client, made["user"]["email"])).json()
        before = await _contents(redis_client)
        renewed = (await refresh(client, other["refresh_token"])).json()
        late = (await log_in(client, made["user"]["email"])).json()
        assert (await client.post("/api/auth/logout", headers=made["headers"])).status_code == 200
    await _go_back(redis_client, before)
    async with client_for(definition, committed_db, refresh_grace_seconds=0) as client:
        assert (await refresh(client, made["refresh_token"])).status_code == 401
        assert await me(client, made["access_token"]) == 401, "platform, started anew"
        service = RevokedSessions(redis_client, poll=0.05)
        await service.start()

        async def refused_elsewhere() -> bool:
            return made["access_token"] is not None and _session(made) in service

        await eventually(refused_elsewhere)
        await service.close()
        for tokens in (renewed, late):
            assert (await refresh(client, tokens["refresh_token"])).status_code == 200


async def test_what_ended_while_nobody_could_be_told_is_told_by_the_worker(
    client_for: ClientFactory,
    definition: ServiceDefinition,
    runtime_for: RuntimeFactory,
    committed_db: Database,
    redis_client: Redis,
) -> None:
    """The process that answered died before Redis was back: the table has it all the same."""
    async with client_for(definition, committed_db) as client:
        made = await registered(client)
        assert (await client.post("/api/auth/logout-all", headers=made["headers"])).status_code == 200
    await redis_client.flushall()
    async with runtime_for(definition, committed_db) as worker:
        stop = asyncio.Event()
        running = asyncio.create_task(
            keep_ended(
                worker.database,
                worker.revoked,
                stop,
                within=worker.settings.revocation_lifetime,
            )
        )

        async def told() -> bool:
            return await redis_client.zscore(KEY, _session(made)) is not None

        await eventually(told)
        stop.set()
        await running


async def test_a_session_of_the_release_before_is_taken_over(
    client: httpx.AsyncClient, redis_client: Redis
) -> None:
    made = await registered(client)
    kept = await _in_redis(client, redis_client, made)
    listed = (await client.get("/api/auth/sessions", headers=made["headers"])).json()["sessions"]
    assert [one["user_agent"] for one in listed] == ["An old telephone", ANY]
    assert (await refresh(client, kept)).status_code == 200


async def test_a_session_of_the_release_before_ends_with_all_others(
    committed_client: httpx.AsyncClient, redis_client: Redis
) -> None:
    client = committed_client
    made = await registered(client)
    kept = await _in_redis(client, redis_client, made)
    assert (await client.post("/api/auth/logout-all", headers=made["headers"])).status_code == 200
    assert await redis_client.zscore(KEY, "f" * 32) is not None
    await _in_redis(client, redis_client, made)
    assert (await refresh(client, kept)).status_code == 401, "also when Redis gives it back"


async def _in_redis(client: httpx.AsyncClient, redis: Redis, made: dict[str, Any]) -> str:
    """A session as the release before wrote it; its refresh token."""
    session_id, secret, family, now = "f" * 32, b"s" * 32, "a" * 32, int(time.time() * 1000)
    index = f"auth:sessions:{made['user']['id']}"
    fields: dict[Any, Any] = {
        "user": made["user"]["id"], "epoch": 0, "current": digest(secret), "family": family, "id": session_id,
        "agent": "An old telephone", "created": now, "used": now, "index": index,
    }  # fmt: skip
    await redis.hset(f"auth:session:{session_id}", mapping=fields)
    await redis.zadd(index, {session_id: now / 1000 + 3600})
    return join(session_id, secret, family)


def _session(tokens: dict[str, Any]) -> str:
    session_id: str = tokens["refresh_token"].partition(".")[0]
    return session_id


async def _answered(client: httpx.AsyncClient, token: str) -> httpx.Response:
    """The first answer to a refresh that is none of an outage."""

    async def ask() -> httpx.Response | None:
        answer = await refresh(client, token)
        return None if answer.status_code == 503 else answer

    answer = await eventually(ask)
    assert answer is not None
    return answer


async def _contents(redis: Redis) -> dict[bytes, tuple[int, bytes]]:
    kept: dict[bytes, tuple[int, bytes]] = {}
    async for key in redis.scan_iter():
        dumped, left = await redis.dump(key), await redis.pttl(key)
        if dumped is not None:
            kept[key] = (max(0, left), dumped)
    return kept


async def _go_back(redis: Redis, contents: dict[bytes, tuple[int, bytes]]) -> None:
    await redis.flushall()
    for key, (left, dumped) in contents.items():
        await redis.restore(key, left, dumped)
