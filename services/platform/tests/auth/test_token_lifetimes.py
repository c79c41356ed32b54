"""ACCESS_MINUTES and REFRESH_DAYS: how long tokens live, and how long what ended or signed them is remembered."""

from __future__ import annotations

import argparse
import time
from datetime import timedelta
from typing import Any

import orjson
import pytest
from joserfc import jws
from redis.asyncio import Redis
from sqlalchemy import select

from platform_service.auth.models import SessionRow
from platform_service.keys.commands import command
from platform_service.keys.models import SigningKey
from services.platform.tests.factories import bearer, registered
from shared.auth.revoked_sessions import KEY
from shared.schemas.dates import utcnow
from testing.rollback import TestDatabase
from testing.service_fixtures import ClientFactory, RuntimeFactory


def claims(token: str) -> Any:
    return orjson.loads(jws.extract_compact(token.encode()).payload)


@pytest.mark.parametrize("minutes", [15, 40])
async def test_an_access_token_lives_as_long_as_the_setting_says(
    client_for: ClientFactory, definition: Any, db: TestDatabase, minutes: int
) -> None:
    options = {} if minutes == 15 else {"access_minutes": minutes}
    async with client_for(definition, db, **options) as client:
        found = claims((await registered(client))["access_token"])
    assert found["exp"] - found["iat"] == minutes * 60


async def test_an_ended_session_is_refused_until_its_last_access_token_is_over(
    client_for: ClientFactory, definition: Any, db: TestDatabase, redis_client: Redis
) -> None:
    async with client_for(definition, db, access_minutes=40) as client:
        made = await registered(client)
        headers = bearer(made["access_token"])
        body = {"refresh_token": made["refresh_token"]}
        assert (await client.post("/api/auth/logout", json=body, headers=headers)).status_code == 200
        until = await redis_client.zscore(KEY, claims(made["access_token"])["sid"])
    assert until is not None
    assert until >= time.time() + 40 * 60


async def test_a_replaced_key_stays_until_the_last_token_that_it_signed_is_over(
    runtime_for: RuntimeFactory, client_for: ClientFactory, definition: Any, db: TestDatabase
) -> None:
    async with runtime_for(definition, db, access_minutes=40) as runtime:
        async with client_for(definition, runtime=runtime):
            parser = argparse.ArgumentParser()
            command.configure(parser)
            assert await command.run(parser.parse_args(["rotate", "--wait", "0"]), runtime) in (0, None)
        async with db.read(fresh=True) as connection:
            statement = select(SigningKey.retire_after).where(SigningKey.status == "retiring")
            retire_after = (await connection.execute(statement)).scalar_one()
    assert retire_after is not None
    assert retire_after > utcnow() + timedelta(minutes=39)


async def test_a_refresh_token_lives_as_long_as_the_setting_says(
    client_for: ClientFactory, definition: Any, db: TestDatabase
) -> None:
    async with client_for(definition, db, refresh_days=3) as client:
        await registered(client)
    async with db.read(fresh=True) as connection:
        expires_at = (await connection.execute(select(SessionRow.expires_at))).scalar_one()
    assert timedelta(days=2, hours=23) < expires_at - utcnow() <= timedelta(days=3)
