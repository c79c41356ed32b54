"""From the stream to the other service's commit: at least once delivered, once in effect."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from redis.asyncio import Redis
from sqlalchemy import insert, text

from shared.db.database import Database
from shared.db.transactions import after_commit
from shared.events import admin
from shared.events.consumer import Consumer
from shared.events.event import stream_of, tries_of
from shared.observability import context
from testing import eventually
from testing.metrics import sample

STREAM = stream_of("teller")
Both = Callable[..., Awaitable[None]]


async def all_handled(redis: Redis, stream: str = STREAM) -> None:
    async def done() -> bool:
        groups = await redis.xinfo_groups(stream)
        return bool(groups) and all(group["lag"] == 0 and group["pending"] == 0 for group in groups)

    await eventually(done, within=10)


def outcomes(outcome: str) -> float:
    return sample("events_handled_total", source="teller", outcome=outcome)


async def test_an_event_takes_effect_in_the_other_service(
    committed_db: Database, redis: Redis, things: Any, both: Both
) -> None:
    await both(things.writing_consumer())
    await things.tell(committed_db, (1, "a"), (2, "b"))
    found = await eventually(lambda: things.effects(committed_db), until=lambda rows: len(rows) == 2)
    assert found == [(1, "a"), (2, "b")]


async def test_the_handler_continues_the_trace_and_its_callbacks_run_after_the_commit(
    committed_db: Database, things: Any, both: Both
) -> None:
    seen: list[str | None] = []
    committed: list[int] = []
    consumer: Consumer = things.new_consumer()

    @consumer.on(things.HappenedAsRead, source="teller")
    async def write(session: Any, event: Any, envelope: Any) -> None:
        seen.append(context.trace_id())
        after_commit(session, lambda: remember(event.thing))

    async def remember(thing: int) -> None:
        committed.append(thing)

    await both(consumer)
    token = context.current.set(context.start())
    trace = context.trace_id()
    await things.tell(committed_db, (1, ""))
    context.current.reset(token)

    async def remembered() -> list[int]:
        return committed

    assert await eventually(remembered) == [1]
    assert seen == [trace]


async def test_an_event_delivered_twice_takes_effect_once(
    committed_db: Database, redis: Redis, things: Any, both: Both
) -> None:
    handled, duplicates = outcomes("handled"), outcomes("duplicate")
    await both(things.writing_consumer())
    await things.tell(committed_db, (1, "once"))
    [(_, fields)] = await eventually(lambda: things.entries(redis, STREAM))
    for _ in range(3):
        await redis.xadd(STREAM, fields)
    await all_handled(redis)
    assert await things.effects(committed_db) == [(1, "once")]
    assert (outcomes("handled"), outcomes("duplicate")) == (handled + 1, duplicates + 3)


async def test_events_of_one_key_keep_their_order_also_when_one_fails_at_first(
    committed_db: Database, redis: Redis, things: Any, both: Both
) -> None:
    failures = {(1, "b"): 2, (2, "a"): 3}
    consumer: Consumer = things.new_consumer()

    @consumer.on(things.HappenedAsRead, source="teller")
    async def write(session: Any, event: Any, _: Any) -> None:
        await session.execute(insert(things.Effect).values(thing=event.thing, note=event.note))
        if failures.get((event.thing, event.note), 0):
            failures[event.thing, event.note] -= 1
            raise LookupError("not yet")

    await things.tell(committed_db, *((thing, note) for note in "abcd" for thing in (1, 2, 3)))
    await both(consumer)
    found = await eventually(lambda: things.effects(committed_db), until=lambda rows: len(rows) == 12)
    for thing in (1, 2, 3):
        assert [note for which, note in found if which == thing] == list("abcd")
    assert await admin.dead_letters(redis, "listener") == []
    assert await redis.hlen(tries_of("listener")) == 0


async def test_a_poisonous_event_is_buried_after_five_tries_and_the_others_go_on(
    committed_db: Database, redis: Redis, things: Any, both: Both
) -> None:
    tries, dead = 0, outcomes("dead")
    consumer: Consumer = things.new_consumer()

    @consumer.on(things.HappenedAsRead, source="teller")
    async def write(session: Any, event: Any, _: Any) -> None:
        nonlocal tries
        await session.execute(insert(things.Effect).values(thing=event.thing, note=event.note))
        if event.note == "poison":
            tries += 1
            raise LookupError("no such thing")

    await both(consumer)
    await things.tell(committed_db, (1, "before"), (1, "poison"), (1, "after"), (2, "other"))
    [letter] = await eventually(lambda: admin.dead_letters(redis, "listener"))
    assert (letter.reason, letter.tries) == ("LookupError: no such thing", 5)
    assert letter.fields["data"]["note"] == "poison"
    assert outcomes("dead") == dead + 1
    assert 5 <= tries <= 6, "once more at most, together with the rest of its batch"
    await all_handled(redis)
    found = await things.effects(committed_db)
    assert sorted(found) == [(1, "after"), (1, "before"), (2, "other")]


async def test_a_dead_letter_is_handled_again_on_demand(
    committed_db: Database, redis: Redis, things: Any, both: Both
) -> None:
    broken = True
    consumer: Consumer = things.new_consumer()

    @consumer.on(things.HappenedAsRead, source="teller")
    async def write(session: Any, event: Any, _: Any) -> None:
        if broken:
            raise LookupError
        await session.execute(insert(things.Effect).values(thing=event.thing, note=event.note))

    await both(consumer)
    await things.tell(committed_db, (1, "a"), (2, "b"))
    letters = await eventually(
        lambda: admin.dead_letters(redis, "listener"), until=lambda found: len(found) == 2
    )
    broken = False
    assert await admin.replay(redis, "listener", [letters[0].id, "1-1"]) == [letters[0].id]
    await eventually(lambda: things.effects(committed_db), until=lambda rows: len(rows) == 1)
    assert len(await admin.replay(redis, "listener")) == 1
    await eventually(lambda: things.effects(committed_db), until=lambda rows: len(rows) == 2)
    assert await admin.dead_letters(redis, "listener") == []
    assert await eventually(lambda: redis.xlen("events:again:listener"), until=lambda left: left == 0) == 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"data": '{"note": 1}'}, "invalid data"),
        ({"data": "not json"}, "invalid data"),
        ({"version": "2"}, "version 2 is not among those known here: [1]"),
        ({"id": "nonsense"}, "not an event"),
        ({"occurred_at": "yesterday"}, "not an event"),
    ],
)
async def test_what_cannot_be_read_is_buried_at_once(
    committed_db: Database, redis: Redis, things: Any, both: Both, change: dict[str, str], reason: str
) -> None:
    await both(things.writing_consumer())
    await things.tell(committed_db, (1, "good"))
    [(_, fields)] = await eventually(lambda: things.entries(redis, STREAM))
    changed: dict[Any, Any] = {**{k.decode(): v for k, v in fields.items()}, **change}
    await redis.xadd(STREAM, changed)
    [letter] = await eventually(lambda: admin.dead_letters(redis, "listener"))
    assert reason in letter.reason
    await all_handled(redis)


async def test_events_that_nobody_here_cares_for_are_passed_over(
    committed_db: Database, redis: Redis, things: Any, both: Both
) -> None:
    await both(things.writing_consumer())
    await things.tell(committed_db, (1, "good"))
    [(_, fields)] = await eventually(lambda: things.entries(redis, STREAM))
    await redis.xadd(STREAM, {**fields, b"type": b"thing.forgotten"})
    await all_handled(redis)
    assert await admin.dead_letters(redis, "listener") == []


async def test_a_handler_that_hangs_is_a_handler_that_fails(
    committed_db: Database, redis: Redis, things: Any, both: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.events.inbox.HANDLER_SECONDS", 0.02)
    consumer: Consumer = things.new_consumer()

    @consumer.on(things.HappenedAsRead, source="teller")
    async def hang(session: Any, event: Any, _: Any) -> None:
        await asyncio.Event().wait()

    await both(consumer)
    await things.tell(committed_db, (1, ""))
    [letter] = await eventually(lambda: admin.dead_letters(redis, "listener"))
    assert letter.reason.startswith("HandlerTooSlow")


async def test_a_lost_group_begins_anew_and_nothing_takes_effect_twice(
    committed_db: Database, redis: Redis, things: Any, both: Both
) -> None:
    await both(things.writing_consumer())
    await things.tell(committed_db, (1, "a"), (2, "b"))
    await eventually(lambda: things.effects(committed_db), until=lambda rows: len(rows) == 2)
    await redis.flushall()
    await things.tell(committed_db, (3, "c"))
    await eventually(lambda: things.effects(committed_db), until=lambda rows: len(rows) == 3)
    await eventually(lambda: redis.xlen(STREAM), until=lambda length: length >= 3)
    await all_handled(redis)
    assert await things.effects(committed_db) == [(1, "a"), (2, "b"), (3, "c")]


async def test_old_events_published_again_find_who_has_not_handled_them(
    committed_db: Database, redis: Redis, things: Any, both: Both
) -> None:
    await both(things.writing_consumer())
    await things.tell(committed_db, (1, "a"), (2, "b"))
    await eventually(lambda: things.effects(committed_db), until=lambda rows: len(rows) == 2)

    async def unmarked() -> int:
        async with committed_db.session() as session:
            count = text("SELECT count(*) FROM outbox WHERE published_at IS NULL")
            return int((await session.execute(count)).scalar_one())

    # The relay marks them after they are in the stream, so their effects may be seen first.
    await eventually(unmarked, until=lambda count: count == 0)
    async with committed_db.session() as session:
        since = (await session.execute(text("SELECT min(published_at) FROM outbox"))).scalar_one()
        await session.execute(
            text("DELETE FROM inbox WHERE event_id = (SELECT event_id FROM outbox LIMIT 1)")
        )
        await session.execute(text("DELETE FROM effects WHERE thing = 1"))
        assert await admin.republish(session, things.Outbox, since=since) == 2
    await eventually(lambda: redis.xlen(STREAM), until=lambda length: length == 4)
    await all_handled(redis)
    assert await things.effects(committed_db) == [(2, "b"), (1, "a")]
