"""`python -m <name>_service events ...`, as docs/runbooks/dead-letters.md tells people to use it."""

from __future__ import annotations

import argparse
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from sqlalchemy import text

from shared.cli.events import events_command
from shared.db.database import Database
from shared.events.event import dead_letters_of, stream_of
from shared.service import ServiceDefinition, WorkerParts
from shared.settings import ServiceSettings
from testing import eventually

PENDING = "SELECT count(*) FROM outbox WHERE published_at IS NULL"
Run = Callable[..., Awaitable[int | None]]


@pytest.fixture
async def run(
    committed_db: Database, runtime_for: Callable[..., Any], migrations: Path, things: Any
) -> AsyncIterator[Run]:
    """`await run("dead", "--limit", "1")`: the exit status, for the service that listens."""
    definition = ServiceDefinition(
        name="listener",
        settings_type=ServiceSettings,
        routers=lambda _: (),
        migrations=migrations,
        worker=lambda _: WorkerParts(outbox=things.Outbox, consumers=[things.writing_consumer()]),
    )
    command = events_command(definition)
    parser = argparse.ArgumentParser()
    command.configure(parser)
    async with runtime_for(definition, committed_db) as runtime:

        async def call(*arguments: str) -> int | None:
            return await command.run(parser.parse_args(arguments), runtime)

        yield call


@pytest.fixture
async def dead(committed_db: Database, redis: Redis, things: Any, both: Any) -> str:
    """An event of a version that nobody knows, buried; the id of its letter."""
    await both(things.writing_consumer())
    await things.tell(committed_db, (1, "good"))
    [(_, fields)] = await eventually(lambda: things.entries(redis, stream_of("teller")))
    await redis.xadd(stream_of("teller"), {**fields, b"version": b"9"})
    [(identity, _)] = await eventually(lambda: things.entries(redis, dead_letters_of("listener")))
    return str(identity.decode())


async def test_dead_shows_the_reason_and_the_event(
    run: Run, dead: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run("dead") == 0
    [letter] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert letter["id"] == dead
    assert "version 9" in letter["reason"]
    assert letter["fields"]["data"] == {"thing": 1, "note": "good", "extra": 0}
    assert "reason" not in letter["fields"]


async def test_replay_has_it_handled_again(
    run: Run, dead: str, redis: Redis, things: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run("replay", dead) == 0
    assert dead in capsys.readouterr().out
    # Nothing was repaired, so it comes back as a new letter.
    [(again, _)] = await eventually(lambda: things.entries(redis, dead_letters_of("listener")))
    assert again.decode() != dead
    assert await run("replay", "--all") == 0


async def test_discard_removes_it(run: Run, dead: str, redis: Redis) -> None:
    assert await run("discard", dead) == 0
    assert await redis.xlen(dead_letters_of("listener")) == 0
    assert await run("discard", dead) == 1


async def test_what_is_not_there_is_no_success(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert await run("replay", "1-1") == 1
    assert await run("dead") == 0
    assert await run("replay", "--all") == 0


@pytest.mark.parametrize("arguments", [["replay"], ["replay", "1-1", "--all"]])
async def test_replay_wants_to_know_which(
    run: Run, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run(*arguments) == 2
    assert capsys.readouterr().err


async def test_lag_and_republish_say_what_they_found(
    run: Run, dead: str, committed_db: Database, things: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    async def pending() -> int:
        async with committed_db.read() as connection:
            return int((await connection.execute(text(PENDING))).scalar_one())

    await eventually(pending, until=lambda count: count == 0)
    assert await run("lag") == 0
    assert capsys.readouterr().out == "teller: 0 unread, 0 unfinished\n"
    assert await run("republish", "--since", "2000-01-01T00:00") == 0
    assert capsys.readouterr().out == "events that the worker publishes again: 1\n"


async def test_groups_of_the_stream_are_shown_and_dropped_when_nobody_runs_them(
    run: Run, redis: Redis, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = stream_of("listener")
    await redis.xadd(stream, {"id": "1"})
    await redis.xgroup_create(stream, "stopped", id="0")
    await redis.xgroup_create(stream, "other", id="$")
    await redis.xreadgroup("other", "worker", {stream: ">"})
    assert await run("groups") == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("stopped: 1 unread, 0 unfinished, the oldest 0 s old; never ran")
    assert second == "other: 0 unread, 0 unfinished, the oldest 0 s old; last ran 0 s ago"
    assert await run("drop-group", "stopped") == 2
    assert "--lose-unfinished" in capsys.readouterr().err
    assert await run("drop-group", "stopped", "--lose-unfinished") == 0
    assert await run("drop-group", "stopped", "--lose-unfinished") == 1
    assert await run("drop-group", "other", "--lose-unfinished") == 1
    refused = capsys.readouterr().err
    assert "a worker of other ran 0 s ago" in refused
    assert "10 s after it last ran the group may be dropped, at the earliest in 10 s" in refused
    assert await redis.xlen(stream) == 0


async def test_groups_says_which_one_is_abandoned(
    run: Run, redis: Redis, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = stream_of("listener")
    await redis.xadd(stream, {"id": "1"}, id="1000-1")
    await redis.xgroup_create(stream, "gone", id="0")
    await redis.xgroup_create(stream, "idle", id="$")
    assert await run("groups") == 0
    gone, idle = capsys.readouterr().out.splitlines()
    assert gone.endswith("; never ran; ABANDONED, see docs/runbooks/dead-letters.md#a-group-is-abandoned")
    assert "ABANDONED" not in idle


@pytest.mark.parametrize(
    "arguments",
    [["republish"], ["republish", "--since", "noon"], ["replay", "one"], ["discard"], ["nonsense"], []],
)
async def test_wrong_arguments_end_with_2(run: Run, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as end:
        await run(*arguments)
    assert end.value.code == 2
