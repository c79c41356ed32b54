"""Watching a run live."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from ai_service.runs import live_view
from ai_service.runs.execution import RunExecutor
from ai_service.runs.live_view import RunStatuses, Watched, Watchers, watch
from fakes.language_models import Answer, ModelsServer
from services.ai.tests.factories import EMAIL_OUTPUT, OWNER, Person, make_run
from shared.db.database import Database
from shared.runtime import Runtime
from testing import eventually
from testing.wrong_input import app_of

GOOD = Answer(json.dumps(EMAIL_OUTPUT))


@dataclass
class Sent:
    id: str | None
    event: str
    data: Any


def parse(text: str) -> list[Sent]:
    """The events of a stream, without comments."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if line[:1] not in {"", ":"})
        if "event" in fields:
            found.append(Sent(fields.get("id"), fields["event"], json.loads(fields["data"])))
    return found


@pytest.fixture
async def run_id(committed_db: Database, employee_id: int) -> int:
    return await make_run(committed_db, employee_id)


@pytest.fixture
def path(employee_id: int, run_id: int) -> str:
    return f"/employees/{employee_id}/runs/{run_id}"


async def test_a_run_is_watched_from_its_queue_to_its_end(
    executor: RunExecutor, models: ModelsServer, boss: Person, path: str, run_id: int
) -> None:
    models.order(Answer(GOOD.text, pause=0.1))
    watching_it = asyncio.create_task(boss.get(f"{path}/events"))
    await asyncio.sleep(0)
    await executor.execute(run_id)
    answer = await asyncio.wait_for(watching_it, 5)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-cache, no-transform"
    assert answer.headers["x-accel-buffering"] == "no"
    events = parse(answer.text)
    assert {sent.event for sent in events[:-1]} == {"status", "attempt", "text"}
    assert events[-1].event == "done"
    texts = [sent.data["text"] for sent in events if sent.event == "text"]
    assert ("".join(texts), len(texts) > 1) == (GOOD.text, True)
    assert events[-1].data == (await boss.get(path)).json()
    assert events[-1].data["status"] == "completed"


async def test_a_run_that_is_over_is_shown_with_all_that_was_written(
    executor: RunExecutor, models: ModelsServer, boss: Person, path: str, run_id: int
) -> None:
    models.order(GOOD)
    await executor.execute(run_id)
    events = parse((await boss.get(f"{path}/events")).text)
    assert [sent.event for sent in events if sent.event != "text"] == ["attempt", "done"]


async def test_who_comes_back_goes_on_where_they_were(
    executor: RunExecutor, models: ModelsServer, boss: Person, path: str, run_id: int
) -> None:
    models.order(Answer(GOOD.text, pause=0.1))
    await executor.execute(run_id)
    events = parse((await boss.get(f"{path}/events")).text)
    third = events[2]
    assert third.id is not None
    rest = parse((await boss.get(f"{path}/events", **{"Last-Event-ID": third.id})).text)
    assert rest == events[3:]
    wrong = await boss.get(f"{path}/events", **{"Last-Event-ID": "$"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "Last-Event-ID")


async def test_a_queued_run_that_is_canceled_ends_the_stream(
    committed_client: httpx.AsyncClient, boss: Person, path: str
) -> None:
    async def watched() -> bool:
        return bool(app_of(committed_client).state.watchers.count == 1)

    watching_it = asyncio.create_task(boss.get(f"{path}/events"))
    await eventually(watched)
    await boss.post(f"{path}/cancel")
    events = parse((await asyncio.wait_for(watching_it, 5)).text)
    assert [sent.event for sent in events] in (["status", "done"], ["done"]), (
        "it may have been canceled first"
    )
    assert events[-1].data["status"] == "canceled"


async def test_a_silent_stream_says_that_it_is_there(
    committed_runtime: Runtime, employee_id: int, run_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_view, "LOOK_SECONDS", 0.0)
    statuses = RunStatuses(committed_runtime.database)
    watchers, said = Watchers(committed_runtime.redis, statuses), list[bytes]()
    stream = watch(committed_runtime, watchers, Watched(OWNER, employee_id, run_id, "0-0"))
    async for event in stream:
        said.append(event)
        assert watchers.count == 1
        if len(said) == 4:
            committed_runtime.draining = True
    assert said[0].startswith(b"retry")
    assert said[1].startswith(b"event: status")
    assert said[2:] == [b": still here\n\n"] * 2
    assert watchers.count == 0


async def test_without_redis_the_stream_still_says_how_it_ended(
    committed_runtime: Runtime, employee_id: int, run_id: int, boss: Person, path: str
) -> None:
    await boss.post(f"{path}/cancel")
    async with Redis.from_url("redis://127.0.0.1:1") as nobody:
        watchers = Watchers(nobody, RunStatuses(committed_runtime.database))
        stream = watch(committed_runtime, watchers, Watched(OWNER, employee_id, run_id, "0-0"))
        events = parse(b"".join([event async for event in stream]).decode())
    assert [(sent.event, sent.data["status"]) for sent in events] == [("done", "canceled")]


async def test_a_full_process_admits_no_further_watcher(
    boss: Person, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_view, "MAX_WATCHERS", 0)
    answer = await boss.get(f"{path}/events")
    assert (answer.status_code, answer.json()["code"]) == (503, "too_many_watchers")
    assert answer.headers["retry-after"]


async def test_a_stream_ends_after_its_time_and_leaves_the_run_alone(
    boss: Person, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_view, "MAX_SECONDS", 0.1)
    answer: httpx.Response = await boss.get(f"{path}/events")
    assert [sent.event for sent in parse(answer.text)] == ["status"]
    assert (await boss.get(path)).json()["status"] == "queued"


async def test_no_stream_is_cut_while_the_pool_has_no_free_connection(
    committed_runtime: Runtime, employee_id: int, run_id: int, boss: Person, path: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(live_view, "LOOK_SECONDS", 0.02)
    database = committed_runtime.database
    monkeypatch.setattr(database.primary.pool, "_timeout", 0.05)
    watchers = Watchers(committed_runtime.redis, RunStatuses(database))
    said: list[list[bytes]] = [[], [], []]

    async def follow(mine: list[bytes]) -> None:
        async for event in watch(committed_runtime, watchers, Watched(OWNER, employee_id, run_id, "0-0")):
            mine.append(event)  # noqa: PERF401 - what came so far is looked at meanwhile

    async def silences() -> int:
        return min(mine.count(b": still here\n\n") for mine in said)

    following = [asyncio.create_task(follow(mine)) for mine in said]
    await eventually(silences)
    async with AsyncExitStack() as stack:
        for _ in range(20):  # all that the pool has
            await stack.enter_async_context(database.primary.connect())
        before = await silences()
        await eventually(silences, until=lambda count: count > before + 5)
        assert not any(task.done() for task in following)
    await boss.post(f"{path}/cancel")
    await asyncio.wait_for(asyncio.gather(*following), 5)
    assert [parse(b"".join(mine).decode())[-1].event for mine in said] == ["done"] * 3


async def test_all_who_watch_are_asked_for_in_one_statement(
    committed_db: Database, employee_id: int, query_recorder: Callable[[], Any]
) -> None:
    runs = [await make_run(committed_db, employee_id) for _ in range(3)]
    statuses = RunStatuses(committed_db)
    with query_recorder() as queries:
        found = await asyncio.gather(*(statuses.ask(run) for run in [*runs, *runs, 10**9]))
    assert found == ["queued"] * 6 + [None]
    assert len(queries) == 1
