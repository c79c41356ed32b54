"""From the transaction to the stream."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis.asyncio import Redis
from sqlalchemy import func, select, text, update

from shared.db.database import Database
from shared.events.event import new_id, relay_mark_of, stream_of, to_envelope
from shared.events.outbox import publish, publish_many
from shared.events.relay import Relay
from shared.observability import context
from testing import eventually
from testing.metrics import sample

STREAM = stream_of("teller")


async def published(redis: Redis, things: Any) -> list[str]:
    return [fields[b"data"].decode() for _, fields in await things.entries(redis, STREAM)]


async def count(database: Database, things: Any, *conditions: Any) -> int:
    async with database.read() as connection:
        query = select(func.count()).select_from(things.Outbox).where(*conditions)
        return int((await connection.execute(query)).scalar_one())


async def test_an_event_arrives_with_all_that_its_envelope_says(
    committed_db: Database, redis: Redis, things: Any, relaying: Callable[[], Any]
) -> None:
    before = datetime.now(UTC)
    token = context.current.set(context.start())
    traceparent = context.traceparent()
    await things.tell(committed_db, (7, "hello"))
    context.current.reset(token)
    async with relaying():
        [(_, fields)] = await eventually(lambda: things.entries(redis, STREAM))
    envelope = to_envelope(fields)
    assert (envelope.type, envelope.version, envelope.source, envelope.key) == (
        "thing.happened", 1, "teller", "7",
    )  # fmt: skip
    assert envelope.trace == traceparent
    assert before <= envelope.occurred_at <= datetime.now(UTC)
    assert things.Happened.model_validate_json(envelope.data) == things.Happened(thing=7, note="hello")


async def test_many_events_are_saved_together_and_published_in_their_order(
    committed_db: Database, redis: Redis, things: Any, relaying: Callable[[], Any]
) -> None:
    events = [(str(number), things.Happened(thing=number, note="many")) for number in (3, 1, 2)]
    async with relaying():
        async with committed_db.session() as session:
            await publish_many(session, things.Outbox, events)
            await publish_many(session, things.Outbox, [])
        found = await eventually(
            lambda: things.entries(redis, STREAM), until=lambda entries: len(entries) == 3
        )
    assert [to_envelope(fields).key for _, fields in found] == ["3", "1", "2"]
    assert await count(committed_db, things, things.Outbox.published_at.is_(None)) == 0


async def test_what_is_rolled_back_is_never_published(
    committed_db: Database, redis: Redis, things: Any, relaying: Callable[[], Any]
) -> None:
    async def refuse() -> None:
        async with committed_db.session() as session:
            await publish(session, things.Outbox, things.Happened(thing=1), key="1")
            raise LookupError

    with pytest.raises(LookupError):
        await refuse()
    await things.tell(committed_db, (2, "told"))
    async with relaying():
        await eventually(lambda: redis.exists(STREAM))
    assert len(await published(redis, things)) == 1


async def test_events_are_published_in_their_order_and_once(
    committed_db: Database, redis: Redis, things: Any, relaying: Callable[[], Any]
) -> None:
    before = sample("events_published_total", type=things.Happened.type)
    async with relaying(), relaying():  # a second worker stands by
        await things.tell(committed_db, *((number, "") for number in range(40)))
        await eventually(lambda: redis.xlen(STREAM), until=lambda length: length >= 40)
    sent = [things.Happened.model_validate_json(data).thing for data in await published(redis, things)]
    assert sent == list(range(40))
    assert sample("events_published_total", type=things.Happened.type) == before + 40


async def test_a_resting_relay_is_woken_by_the_commit(
    committed_db: Database,
    redis: Redis,
    things: Any,
    relaying: Callable[[], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shared.events.relay.POLL_SECONDS", 60)
    monkeypatch.setattr("shared.events.outbox._woken", {})
    async with relaying():

        async def listens() -> Any:
            async with committed_db.read() as connection:
                query = text("SELECT 1 FROM pg_stat_activity WHERE application_name = 'teller relay'"
                             " AND query LIKE '%published_at IS NULL%' AND state = 'idle'")  # fmt: skip
                return (await connection.execute(query)).scalar()

        await eventually(listens)
        await things.tell(committed_db, (1, ""))
        await eventually(lambda: redis.exists(STREAM), within=1)


async def test_a_relay_killed_between_sending_and_marking_sends_again(
    committed_db: Database,
    redis: Redis,
    things: Any,
    relaying: Callable[[], Any],
    delivering: Callable[..., Any],
) -> None:
    class Killed(BaseException):
        pass

    class Dying(Relay):
        async def _send(self, *arguments: Any) -> Any:
            await super()._send(*arguments)
            raise Killed

    await things.tell(committed_db, (1, "once"))
    with pytest.raises(Killed):
        await Dying("teller", committed_db.url, redis).run(asyncio.Event())
    assert await count(committed_db, things, things.Outbox.published_at.is_(None)) == 1
    async with relaying(), delivering(things.writing_consumer()):
        await eventually(lambda: redis.xlen(STREAM), until=lambda length: length == 2)

        async def handled() -> bool:
            groups = await redis.xinfo_groups(STREAM)  # none until the consumer leads
            return [(group["lag"], group["pending"]) for group in groups] == [(0, 0)]

        await eventually(handled)
    assert await things.effects(committed_db) == [(1, "once")]


async def test_a_flushed_redis_gets_its_events_again(
    committed_db: Database, redis: Redis, things: Any, relaying: Callable[[], Any]
) -> None:
    await things.tell(committed_db, (1, ""), (2, ""))
    async with relaying():
        await eventually(lambda: redis.xlen(STREAM), until=lambda length: length == 2)
        await eventually(lambda: count(committed_db, things, things.Outbox.published_at.is_(None)),
                         until=lambda left: left == 0)  # fmt: skip
        await redis.flushall()
        await things.tell(committed_db, (3, ""))
        await eventually(lambda: published(redis, things), until=lambda sent: len(set(sent)) == 3)


async def test_a_redis_that_lost_its_last_second_gets_those_events_again(
    committed_db: Database, redis: Redis, things: Any, relaying: Callable[[], Any]
) -> None:
    async with relaying():
        await things.tell(committed_db, (1, "kept"))
        await eventually(lambda: redis.xlen(STREAM))
        await eventually(lambda: count(committed_db, things, things.Outbox.published_at.is_(None)),
                         until=lambda left: left == 0)  # fmt: skip
        mark = await redis.get(relay_mark_of("teller"))
        assert mark is not None
        [(kept, _)] = await things.entries(redis, STREAM)
        await things.tell(committed_db, (2, "lost"))
        await eventually(lambda: count(committed_db, things, things.Outbox.published_at.is_(None)),
                         until=lambda left: left == 0)  # fmt: skip
    [_, (lost, _)] = await things.entries(redis, STREAM)
    await redis.xdel(STREAM, lost)
    await redis.set(relay_mark_of("teller"), mark)
    async with relaying():
        sent = await eventually(lambda: things.entries(redis, STREAM), until=lambda found: len(found) == 2)
    assert sent[0][0] == kept
    assert things.Happened.model_validate_json(sent[1][1][b"data"]).note == "lost"


async def test_old_published_events_are_purged_and_unpublished_ones_never(
    committed_db: Database, redis: Redis, things: Any, relaying: Callable[[], Any]
) -> None:
    await things.tell(committed_db, (1, ""), (2, ""))
    async with committed_db.session() as session:
        old = datetime.now(UTC) - timedelta(days=8)
        await session.execute(
            update(things.Outbox).where(things.Outbox.id == 1).values(published_at=old, occurred_at=old)
        )
        await session.execute(update(things.Outbox).where(things.Outbox.id == 2).values(occurred_at=old))
    await redis.set(relay_mark_of("teller"), datetime.now(UTC).isoformat())  # Redis has lost nothing
    async with relaying():
        await eventually(lambda: count(committed_db, things), until=lambda left: left == 1)
        await eventually(lambda: redis.xlen(STREAM), until=lambda length: length == 1)
    assert "2" in (await published(redis, things))[0]


async def test_the_models_are_what_the_migrations_make(committed_db: Database, things: Any) -> None:
    async with committed_db.read() as connection:
        columns = text(
            "SELECT table_name, column_name, is_nullable = 'YES' FROM information_schema.columns"
            " WHERE table_name IN ('outbox', 'inbox')"
        )
        found = {tuple(row) for row in await connection.execute(columns)}
    declared = {
        (table.name, column.name, column.nullable)
        for table in (things.Outbox.__table__, things.Inbox.__table__)
        for column in table.columns
    }
    assert found == declared


def test_ids_are_version_7_and_sort_by_time() -> None:
    ids = [new_id() for _ in range(1000)]
    assert {(one.version, one.variant) for one in ids} == {(7, "specified in RFC 4122")}
    assert len(set(ids)) == 1000
    milliseconds = [one.int >> 80 for one in ids]
    assert milliseconds == sorted(milliseconds)
