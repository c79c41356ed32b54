"""A consumer group that nobody runs any more is noticed, and never while somebody runs it."""

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
from shared.events.abandoned import AbandonedGroups
from shared.events.consumer_groups import (
    GroupInUse,
    GroupState,
    create_group,
    drop_group,
    group_states,
    show_alive,
    trim_stream,
)
from shared.events.event import stream_of
from shared.events.inbox import Acknowledgements
from shared.events.metrics import MAX_GROUPS, measure_stream
from testing import eventually

STREAM = stream_of("teller")
AN_HOUR_MS = 3_600_000


async def state_of(redis: Redis, group: str) -> GroupState:
    """The group as Redis has it."""
    return next(state for state in await group_states(redis, STREAM) if state.name == group)


async def unused_for(redis: Redis, group: str, seconds: float) -> None:
    """Returns when nobody has used the group for so long."""
    await eventually(lambda: state_of(redis, group), until=lambda state: state.unused_seconds > seconds)


async def run_once(redis: Redis, group: str) -> None:
    """A worker of the group has read all there is, and died."""
    await create_group(redis, STREAM, group)
    read: Any = await redis.xreadgroup(group, "worker", {STREAM: ">"})
    for _, entries in read:
        await redis.xack(STREAM, group, *(identity for identity, _ in entries))


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]


async def test_an_abandoned_group_is_said_once_an_hour_with_what_to_do(
    redis: Redis, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO, "shared.events")
    await run_once(redis, "gone")
    await redis.xadd(STREAM, {"id": "1"})
    await unused_for(redis, "gone", 0.02)
    watch = AbandonedGroups(redis, STREAM, limit=0.02)
    for _ in range(20):
        await watch.report()
    [said] = errors(caplog)
    assert "the group gone is abandoned" in said
    assert "events:teller keeps 1 events for it" in said
    assert "docs/runbooks/dead-letters.md#a-group-is-abandoned" in said
    monkeypatch.setattr("shared.events.abandoned.REPEAT_SECONDS", 0)
    await watch.report()
    assert len(errors(caplog)) == 2
    await redis.xgroup_setid(STREAM, "gone", "$")
    await watch.report()
    assert "the group gone holds events:teller no longer" in caplog.records[-1].getMessage()


async def test_a_group_for_which_nothing_waits_is_not_abandoned(redis: Redis) -> None:
    await redis.xadd(STREAM, {"id": "1"})
    await run_once(redis, "done")
    await unused_for(redis, "done", 0.02)
    assert not (await state_of(redis, "done")).is_abandoned(0.02)


async def test_what_was_read_and_never_finished_waits_too(redis: Redis) -> None:
    await redis.xadd(STREAM, {"id": "1"})
    await create_group(redis, STREAM, "died")
    await redis.xreadgroup("died", "worker", {STREAM: ">"})
    await unused_for(redis, "died", 0.02)
    assert (await state_of(redis, "died")).is_abandoned(0.02)


async def test_a_new_group_of_an_old_stream_has_the_whole_time_for_its_worker(redis: Redis) -> None:
    await redis.xadd(STREAM, {"id": "1"}, id=f"{int(time.time() * 1000) - 2 * AN_HOUR_MS}-1")
    await create_group(redis, STREAM, "new")
    await redis.xgroup_create(STREAM, "made-by-hand", id="0")
    new, by_hand = await state_of(redis, "new"), await state_of(redis, "made-by-hand")
    assert new.idle_seconds is None
    assert not new.is_abandoned(3600)
    assert by_hand.is_abandoned(3600)
    await create_group(redis, STREAM, "made-by-hand")  # as the relay does, again and again
    assert not (await state_of(redis, "made-by-hand")).is_abandoned(3600)


async def test_creating_a_group_again_does_not_make_it_younger(redis: Redis) -> None:
    await create_group(redis, STREAM, "old")
    await unused_for(redis, "old", 0.05)
    await create_group(redis, STREAM, "old")
    assert (await state_of(redis, "old")).unused_seconds > 0.05


async def test_the_relay_notices_a_group_that_holds_the_stream_until_it_is_dropped(
    committed_db: Database,
    redis: Redis,
    things: Any,
    relaying: Callable[..., Any],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shared.events.relay.UPKEEP_SECONDS", 0.01)
    await run_once(redis, "gone")
    await create_group(redis, STREAM, "runs")
    async with relaying(abandoned_seconds=0.05):
        await things.tell(committed_db, (1, "waits"))
        [said, *_] = await eventually(
            lambda: asyncio.sleep(0, [line for line in errors(caplog) if "group gone" in line]), until=bool
        )
        assert "the group gone is abandoned" in said
        await redis.xgroup_setid(STREAM, "runs", "$")
        await trim_stream(redis, STREAM, handled_kept_ms=0)
        assert await redis.xlen(STREAM) == 1
        monkeypatch.setattr("shared.events.consumer_groups.ALIVE_SECONDS", 0.05)
        assert await drop_group(redis, STREAM, "gone")
    assert await redis.xlen(STREAM) == 0
    assert len([line for line in errors(caplog) if "group gone" in line]) == 1


async def test_a_dropped_group_lets_the_stream_be_trimmed_to_what_the_others_have_not_finished(
    redis: Redis,
) -> None:
    for number in range(10):
        await redis.xadd(STREAM, {"id": str(number)})
    await redis.xgroup_create(STREAM, "gone", id="0")
    await create_group(redis, STREAM, "runs")
    read: Any = await redis.xreadgroup("runs", "worker", {STREAM: ">"}, count=6)
    await redis.xack(STREAM, "runs", *(identity for identity, _ in read[0][1]))
    assert await trim_stream(redis, STREAM, handled_kept_ms=0) == 0
    assert await drop_group(redis, STREAM, "gone")
    assert await redis.xlen(STREAM) == 4


async def test_a_worker_that_cannot_read_for_now_has_not_abandoned_its_group(
    committed_db: Database,
    redis: Redis,
    things: Any,
    delivering: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def is_full(_: Acknowledgements) -> bool:
        return True

    monkeypatch.setattr(Acknowledgements, "is_full", is_full)
    monkeypatch.setattr("shared.events.delivery.BEAT_SECONDS", 0.02)
    async with delivering(things.writing_consumer()):
        await eventually(lambda: redis.exists(STREAM))
        await redis.xadd(STREAM, {"id": "1"})
        await eventually(
            lambda: state_of(redis, "listener"), until=lambda state: (state.age_seconds or 0) > 0.5
        )
        state = await state_of(redis, "listener")
        assert state.unread == 1
        assert not state.is_abandoned(0.3)
        with pytest.raises(GroupInUse) as used:
            await drop_group(redis, STREAM, "listener")
        assert 9 < used.value.wait <= 10


async def test_showing_that_a_worker_runs_makes_no_group(redis: Redis) -> None:
    await redis.xadd(STREAM, {"id": "1"})
    await show_alive(redis, [STREAM, "events:nobody"], "dropped", "worker")
    assert await group_states(redis, STREAM) == []
    assert not await redis.exists("events:nobody")


async def test_metrics_tell_who_is_abandoned_and_forget_a_group_that_was_dropped(redis: Redis) -> None:
    def told(name: str, group: str) -> float | None:
        return REGISTRY.get_sample_value(name, {"stream": STREAM, "group": group})

    await run_once(redis, "gone")
    await redis.xadd(STREAM, {"id": "1"})
    await unused_for(redis, "gone", 0.05)
    await measure_stream(redis, "teller", abandoned_seconds=0.05)
    assert told("events_group_abandoned", "gone") == 1
    assert 0.05 < (told("events_group_idle_seconds", "gone") or 0) < 10
    await redis.xgroup_destroy(STREAM, "gone")
    await measure_stream(redis, "teller", abandoned_seconds=0.05)
    assert told("events_group_abandoned", "gone") is None


async def test_metrics_tell_of_a_bounded_number_of_groups(redis: Redis) -> None:
    for number in range(2 * MAX_GROUPS):
        await create_group(redis, STREAM, f"group-{number}")
    await measure_stream(redis, "teller", abandoned_seconds=3600)
    for metric in REGISTRY.collect():
        if metric.name.startswith("events_group_"):
            assert len(metric.samples) == MAX_GROUPS
