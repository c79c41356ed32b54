"""Streams stay short, and nothing is lost that a consumer group has not finished."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client import REGISTRY
from redis.asyncio import Redis

from shared.db.database import Database
from shared.events.backpressure import StreamCapacity
from shared.events.consumer import Consumer
from shared.events.consumer_groups import GroupInUse, drop_group, group_states, trim_stream
from shared.events.event import dead_letters_of, stream_of
from shared.events.outbox import publish_many
from testing import eventually

STREAM = stream_of("teller")
DAY_MS = 86_400_000


async def tell_many(database: Database, things: Any, count: int) -> None:
    async with database.session() as session:
        events = [("1", things.Happened(thing=number, note="many")) for number in range(count)]
        await publish_many(session, things.Outbox, events)


async def is_full() -> bool:
    """As a worker tells Prometheus."""
    return bool(REGISTRY.get_sample_value("events_stream_full"))


async def aged(redis: Redis, *, days: float, count: int) -> None:
    """Entries of the stream that are so old."""
    begin = int(time.time() * 1000 - days * DAY_MS)
    async with redis.pipeline(transaction=False) as pipe:
        for number in range(count):
            pipe.xadd(STREAM, {"id": str(number)}, id=f"{begin}-{number + 1}")
        await pipe.execute()


async def read_all(redis: Redis, group: str) -> None:
    """The group has finished everything that is in the stream."""
    await redis.xgroup_create(STREAM, group, id="$")


async def test_a_full_stream_waits_for_a_stopped_consumer_and_every_event_arrives(
    committed_db: Database,
    redis: Redis,
    things: Any,
    relaying: Callable[[], Any],
    delivering: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("shared.events.relay.MAX_LENGTH", 100)
    caplog.set_level(logging.INFO, "shared.events")
    async with delivering(things.writing_consumer()):
        await eventually(lambda: redis.exists(STREAM))
    await tell_many(committed_db, things, 500)
    async with relaying():
        await eventually(is_full, until=bool)
        await things.tell(committed_db, (1, "last"))  # wakes it, and nothing comes of that
        assert await redis.xlen(STREAM) == 100
        async with delivering(things.writing_consumer()):
            done = await eventually(
                lambda: things.effects(committed_db), until=lambda found: len(found) == 501, within=20
            )
        await eventually(is_full, until=lambda full: not full)
    assert done == [*((number, "many") for number in range(500)), (1, "last")]
    waits = [record.getMessage() for record in caplog.records if "waits: events:teller" in record.message]
    assert 1 <= len(waits) <= 3
    assert "100 events that the group listener has not finished" in waits[0]


async def test_whoever_no_longer_relays_no_longer_says_that_the_stream_is_full(
    committed_db: Database,
    redis: Redis,
    things: Any,
    relaying: Callable[[], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shared.events.relay.MAX_LENGTH", 10)
    await redis.xgroup_create(STREAM, "stopped", id="0", mkstream=True)
    await tell_many(committed_db, things, 50)
    async with relaying():
        await eventually(is_full, until=bool)
    assert not await is_full()


async def test_a_full_stream_says_so_once_while_it_waits(
    redis: Redis, things: Any, caplog: pytest.LogCaptureFixture
) -> None:
    await aged(redis, days=2, count=20)
    await redis.xgroup_create(STREAM, "stopped", id="0")
    room = StreamCapacity(redis, STREAM, limit=20)
    pauses = []
    for _ in range(8):
        assert await room.measure(2, more=False) == 0
        pauses.append(room.pause())
    assert pauses[0] < pauses[1] < pauses[-1] == pauses[-2] <= 2
    [said] = caplog.records
    assert "the group stopped has not finished, the oldest for 1728" in said.message
    assert await is_full()
    (first, _), *_ = await things.entries(redis, STREAM)
    await redis.xgroup_setid(STREAM, "stopped", first)
    assert await room.measure(2, more=False) == 1
    assert room.is_full
    await redis.xgroup_setid(STREAM, "stopped", "$")
    await redis.xadd(STREAM, {"id": "20"})
    assert await room.measure(19, more=True) == 19
    assert room.is_full
    assert await room.measure(19, more=False) == 19
    assert not await is_full()


async def test_a_full_stream_whose_groups_have_finished_has_room_at_once(redis: Redis) -> None:
    await aged(redis, days=0, count=20)
    await read_all(redis, "quick")
    assert await StreamCapacity(redis, STREAM, limit=20).measure(1, more=False) == 20


async def test_a_full_stream_that_nobody_reads_loses_its_oldest(redis: Redis, things: Any) -> None:
    await aged(redis, days=0, count=20)
    assert await StreamCapacity(redis, STREAM, limit=20).measure(1, more=False) == 2
    (_, oldest), *_ = await things.entries(redis, STREAM)
    assert oldest[b"id"] == b"2"


async def test_what_nobody_reads_goes_after_a_day(
    redis: Redis, things: Any, relaying: Callable[[], Any]
) -> None:
    await aged(redis, days=2, count=20_000)
    await aged(redis, days=0.5, count=7)
    async with relaying():
        await eventually(lambda: redis.xlen(STREAM), until=lambda length: length == 7)


async def test_nothing_goes_that_the_slowest_group_has_not_finished(redis: Redis, things: Any) -> None:
    await aged(redis, days=2, count=300)
    await redis.xgroup_create(STREAM, "slow", id="0")
    await read_all(redis, "quick")
    first: Any = await redis.xreadgroup("slow", "worker", {STREAM: ">"}, count=150)
    ids = [identity for identity, _ in first[0][1]]
    await redis.xack(STREAM, "slow", *ids[:100], *ids[120:])
    assert await trim_stream(redis, STREAM) == 100
    left = await things.entries(redis, STREAM)
    assert [left[0][1][b"id"], left[-1][1][b"id"]] == [b"100", b"299"]
    await redis.xack(STREAM, "slow", *ids)
    assert await trim_stream(redis, STREAM) == 50


async def test_the_relay_keeps_everything_for_a_reader_that_has_never_run(
    committed_db: Database, redis: Redis, things: Any, relaying: Callable[..., Any]
) -> None:
    await aged(redis, days=2, count=5)
    await read_all(redis, "quick")
    async with relaying(readers=["listener"]):
        await eventually(lambda: group_states(redis, STREAM), until=lambda groups: len(groups) == 2)
        await things.tell(committed_db, (1, "kept"))
        await eventually(lambda: redis.xlen(STREAM), until=lambda length: length == 6)
        await trim_stream(redis, STREAM, handled_kept_ms=0)
    assert await redis.xlen(STREAM) == 6


async def test_a_dropped_group_holds_the_stream_no_more(redis: Redis) -> None:
    await aged(redis, days=2, count=30)
    await redis.xgroup_create(STREAM, "gone", id="0")
    await read_all(redis, "quick")
    [gone, quick] = await group_states(redis, STREAM)
    assert (gone.name, gone.unread, gone.unfinished, gone.idle_seconds) == ("gone", 30, 0, None)
    assert 172_700 < gone.oldest_seconds < 172_900
    assert (quick.name, quick.unread, quick.oldest_seconds) == ("quick", 0, 0)
    assert await drop_group(redis, STREAM, "gone")
    assert not await drop_group(redis, STREAM, "gone")
    assert await redis.xlen(STREAM) == 0


async def test_a_group_whose_worker_runs_is_not_dropped(redis: Redis) -> None:
    await aged(redis, days=0, count=1)
    await redis.xgroup_create(STREAM, "busy", id="0")
    await redis.xreadgroup("busy", "worker", {STREAM: ">"})
    with pytest.raises(GroupInUse):
        await drop_group(redis, STREAM, "busy")


async def test_a_consumer_stops_reading_before_it_would_lose_a_dead_letter(
    committed_db: Database,
    redis: Redis,
    things: Any,
    delivering: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shared.events.inbox.MAX_DEAD", 10)
    await aged(redis, days=0, count=200)  # entries that are no events
    dead = dead_letters_of("listener")
    async with delivering(things.writing_consumer()):
        await eventually(lambda: redis.xlen(dead), until=lambda count: count == 50)
        [group] = await eventually(lambda: group_states(redis, STREAM), until=lambda g: not g[0].unfinished)
        assert group.unread == 150
        await redis.delete(dead)
        await eventually(lambda: redis.xlen(dead), until=lambda count: count == 50)
    assert await redis.xlen(STREAM) == 200


async def test_a_consumer_whose_queues_are_full_reads_no_more(
    committed_db: Database,
    redis: Redis,
    things: Any,
    relaying: Callable[[], Any],
    delivering: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shared.events.key_queues.MAX_WAITING", 10)
    broken = asyncio.Event()
    consumer: Consumer = things.new_consumer()

    @consumer.on(things.HappenedAsRead, source="teller")
    async def fail(*_: Any) -> None:
        if not broken.is_set():
            raise LookupError("not yet")

    async with relaying():
        await tell_many(committed_db, things, 120)
        await eventually(lambda: redis.xlen(STREAM), until=lambda length: length == 120)
    monkeypatch.setattr("shared.events.delivery.MAX_TRIES", 1_000)
    async with delivering(consumer):
        [group] = await eventually(
            lambda: group_states(redis, STREAM), until=lambda g: bool(g) and g[0].unfinished > 0
        )
        assert (group.unread, group.unfinished) == (70, 50)
        broken.set()
        await eventually(
            lambda: group_states(redis, STREAM),
            until=lambda g: (g[0].unread, g[0].unfinished) == (0, 0),
            within=10,
        )
