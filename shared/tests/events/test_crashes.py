"""Processes and servers are killed; events are neither lost nor doubled."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from redis.asyncio import Redis
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError

from shared.db.database import Database
from shared.events import admin
from shared.events.consumer import Consumer
from shared.outages import is_temporary
from testing import eventually

Victim = Callable[..., "subprocess.Popen[bytes]"]


async def ended(process: subprocess.Popen[bytes]) -> None:
    async def poll() -> int | None:
        return process.poll()

    assert await eventually(poll, within=20, until=lambda status: status is not None) == -9


async def test_a_consumer_killed_in_its_handler_is_succeeded_and_each_effect_happens_once(
    committed_db: Database, things: Any, relaying: Callable[[], Any], victim: Victim
) -> None:
    await things.tell(committed_db, (1, "a"), (2, "deadly"), (3, "c"), (2, "d"))
    async with relaying():
        await ended(victim())
        assert await things.effects(committed_db) == [], "the batch was one transaction"
        victim()
        found = await eventually(
            lambda: things.effects(committed_db), within=20, until=lambda rows: len(rows) == 4
        )
    assert found == [(1, "a"), (2, "deadly"), (3, "c"), (2, "d")]


async def test_an_event_that_kills_every_worker_is_buried(
    committed_db: Database, redis: Redis, things: Any, relaying: Callable[[], Any], victim: Victim
) -> None:
    await things.tell(committed_db, (1, "a"), (2, "deadly"), (3, "c"))
    async with relaying():
        for _ in range(6):  # once in its batch, five times alone
            await ended(victim(always=True))
        victim(always=True)
        [letter] = await eventually(lambda: admin.dead_letters(redis, "listener"), within=20)
        assert letter.reason == "the worker died while handling it"
        await eventually(lambda: things.effects(committed_db), until=lambda rows: len(rows) == 2)


async def test_lost_connections_to_postgresql_are_no_failures_of_events(
    committed_db: Database, redis: Redis, things: Any, both: Any
) -> None:
    await both(things.writing_consumer())
    for number in range(5):
        async with committed_db.read() as connection:
            await connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        await things.tell(committed_db, (number, ""))
    await eventually(lambda: things.effects(committed_db), within=15, until=lambda rows: len(rows) == 5)
    assert await admin.dead_letters(redis, "listener") == []


async def test_an_outage_does_not_use_up_an_events_tries(
    committed_db: Database, redis: Redis, things: Any, both: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.events.delivery.OUTAGE_SECONDS", 0.01)
    monkeypatch.setattr("shared.events.key_queues.OUTAGE_SECONDS", 0.01)
    left = 12
    consumer: Consumer = things.new_consumer()

    @consumer.on(things.HappenedAsRead, source="teller")
    async def write(session: Any, event: Any, _: Any) -> None:
        nonlocal left
        left -= 1
        if left > 0:
            raise ConnectionRefusedError
        await session.execute(insert(things.Effect).values(thing=event.thing, note=event.note))

    await both(consumer)
    await things.tell(committed_db, (1, "patient"))
    assert await eventually(lambda: things.effects(committed_db)) == [(1, "patient")]
    assert await admin.dead_letters(redis, "listener") == []


async def test_what_passes_is_told_from_what_does_not(committed_db: Database) -> None:
    async def fate(statement: str) -> bool:
        try:
            async with committed_db.session() as session:
                await session.execute(text(statement))
        except DBAPIError as error:
            return is_temporary(error)
        raise AssertionError

    assert await fate("SELECT pg_terminate_backend(pg_backend_pid())")
    assert not await fate("SELECT 1 / 0")
    assert not await fate("SELECT * FROM nothing")


async def test_killed_connections_to_redis_lose_no_event(
    committed_db: Database, redis: Redis, things: Any, both: Any
) -> None:
    await both(things.writing_consumer())
    for number in range(5):
        await redis.client_kill_filter(_type="normal", skipme=True)
        await things.tell(committed_db, (number, ""))
    await eventually(lambda: things.effects(committed_db), within=15, until=lambda rows: len(rows) == 5)
    assert sorted(await things.effects(committed_db)) == [(number, "") for number in range(5)]
