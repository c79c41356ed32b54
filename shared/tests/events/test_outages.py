"""A database in trouble is no failure of an event, however it shows itself."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from redis.asyncio import Redis
from sqlalchemy import insert, text

from shared.db.database import Database
from shared.events import admin
from shared.events.consumer import Consumer
from testing import always, eventually
from testing.outages import full, read_only


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.events.delivery.OUTAGE_SECONDS", 0.01)
    monkeypatch.setattr("shared.events.key_queues.OUTAGE_SECONDS", 0.01)


def troubled(things: Any, statements: list[str]) -> Consumer:
    """Its handler makes each of the statements fail one call, then writes."""
    consumer: Consumer = things.new_consumer()

    @consumer.on(things.HappenedAsRead, source="teller")
    async def write(session: Any, event: Any, _: Any) -> None:
        if statements:
            await session.execute(text(statements.pop()))
        await session.execute(insert(things.Effect).values(thing=event.thing, note=event.note))

    return consumer


def fails_with(sqlstate: str) -> str:
    return f"DO $$ BEGIN RAISE EXCEPTION 'trouble' USING ERRCODE = '{sqlstate}'; END $$"


@pytest.mark.parametrize(
    "statement",
    ["SET LOCAL transaction_read_only = on", *map(fails_with, ("53100", "58030", "55P03", "57P03", "40001"))],
)
async def test_trouble_uses_no_try_up(
    committed_db: Database, redis: Redis, things: Any, both: Any, statement: str
) -> None:
    await both(troubled(things, [statement] * 12))
    await things.tell(committed_db, (1, "patient"))
    assert await eventually(lambda: things.effects(committed_db)) == [(1, "patient")]
    assert await admin.dead_letters(redis, "listener") == []


async def test_a_stale_plan_is_made_anew_at_once(
    committed_db: Database,
    things: Any,
    both: Any,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = Database(committed_db.url, pool_size=1)  # whose only connection knows the plan
    monkeypatch.setattr(committed_db, "primary", one.primary)
    consumer: Consumer = things.new_consumer()

    @consumer.on(things.HappenedAsRead, source="teller")
    async def write(session: Any, event: Any, _: Any) -> None:
        await session.execute(insert(things.Effect).values(thing=event.thing, note=event.note))
        await session.execute(text("SELECT note FROM effects"))

    await both(consumer)
    await things.tell(committed_db, (1, "before"))
    await eventually(lambda: things.effects(committed_db))
    async with committed_db.session() as session:
        await session.execute(text("ALTER TABLE effects ALTER note TYPE varchar(60)"))
    await things.tell(committed_db, (2, "after"))
    await eventually(lambda: things.effects(committed_db), until=lambda rows: len(rows) > 1)
    await one.close()
    said = [record.getMessage() for record in caplog.records]
    assert any(line.startswith("a transaction is retried") for line in said)
    assert not any("waits for" in line or "failed" in line for line in said)


@pytest.mark.parametrize("trouble", [read_only, lambda url: full(url, "inbox")])
async def test_events_wait_for_the_end_of_the_trouble(
    committed_db: Database,
    redis: Redis,
    things: Any,
    relaying: Any,
    delivering: Any,
    caplog: pytest.LogCaptureFixture,
    trouble: Callable[[str], Any],
) -> None:
    caplog.set_level(logging.WARNING)
    await things.tell(committed_db, *((number, "") for number in range(3)))
    async with relaying():
        await eventually(lambda: redis.exists("events:teller"))

    async def waits() -> int:
        return sum("waits for PostgreSQL" in record.getMessage() for record in caplog.records)

    async with trouble(committed_db.url), delivering(things.writing_consumer()):
        await eventually(waits, until=lambda count: count >= 8)
        assert await things.effects(committed_db) == []
    await committed_db.primary.dispose()  # its connections were ended
    async with delivering(things.writing_consumer()):
        await eventually(lambda: things.effects(committed_db), until=lambda rows: len(rows) == 3)
    assert await admin.dead_letters(redis, "listener") == []


async def test_a_relay_whose_database_takes_no_writes_sends_ever_more_rarely(
    committed_db: Database, redis: Redis, things: Any, relaying: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.events.relay.POLL_SECONDS", 0.05)
    await things.tell(committed_db, (1, ""))

    async def sent() -> int:
        return len(await things.entries(redis, "events:teller"))

    async def few() -> bool:
        return await sent() < 7

    async with full(committed_db.url, "outbox"), relaying():
        await eventually(sent, until=lambda count: count >= 4)
        await always(few, during=0.3)
    async with relaying():
        await eventually(lambda: pending(committed_db), until=lambda count: count == 0)


async def pending(database: Database) -> int:
    [row] = await database.fetch("SELECT count(*) FROM outbox WHERE published_at IS NULL")
    return int(row[0])
