"""What a run costs, and that it is counted once, whatever way its attempts end."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text, update

from ai_service.providers.provider import Usage
from ai_service.runs import attempts, rules
from ai_service.runs.execution import RunExecutor
from ai_service.runs.live_output import pieces_after
from ai_service.schema import Attempt
from fakes.language_models import Answer, ModelsServer
from services.ai.tests.factories import EMAIL_OUTPUT, Person
from services.ai.tests.runs.kit import Read, asked
from shared.db.database import Database
from shared.runtime import Runtime
from testing import eventually

GOOD = Answer(json.dumps(EMAIL_OUTPUT))
LONG = Answer(json.dumps({**EMAIL_OUTPUT, "reply": "안녕하세요 " * 300}, ensure_ascii=False))


async def used(boss: Person) -> tuple[int, int]:
    tokens = (await boss.get("/plan")).json()["tokens"]
    return tokens["used"], tokens["reserved"]


async def check(read: Read, boss: Person) -> dict[str, Any]:
    """The run, which has cost what its attempts have, and so has the month."""
    run = await read()
    for name in ("input_tokens", "output_tokens"):
        assert run[name] == sum(attempt[name] for attempt in run["attempts"])
    assert await used(boss) == (run["input_tokens"] + run["output_tokens"], 0)
    assert run["cost"] == pytest.approx((3 * run["input_tokens"] + 15 * run["output_tokens"]) / 10**6)
    return run


async def test_a_stream_that_breaks_has_cost_what_came_of_it(
    executor: RunExecutor, models: ModelsServer, run_id: int, read: Read, boss: Person
) -> None:
    models.order(Answer(LONG.text, cut=True), GOOD)
    for _ in range(2):
        await executor.execute(run_id)
    broken, whole = (await check(read, boss))["attempts"]
    assert (broken["status"], broken["input_tokens"], broken["tokens_estimated"]) == ("failed", 120, True)
    assert broken["output_tokens"] > 200
    assert (whole["input_tokens"], whole["output_tokens"], whole["tokens_estimated"]) == (120, 45, False)


async def test_streams_that_break_time_after_time_are_not_paid_for_without_end(
    executor: RunExecutor, models: ModelsServer, run_id: int, read: Read, boss: Person
) -> None:
    models.usual = Answer(LONG.text, cut=True)
    for _ in range(rules.MAX_FAILED):
        await executor.execute(run_id)
    run = await check(read, boss)
    assert (run["status"], run["error"]) == ("failed", "provider_unavailable")
    assert len(models.calls) == rules.MAX_PAID_FAILURES


async def test_a_reply_whose_tokens_nobody_counted_is_estimated(
    executor: RunExecutor, models: ModelsServer, run_id: int, read: Read, boss: Person
) -> None:
    models.order(Answer(LONG.text, usage=False))
    await executor.execute(run_id)
    (attempt,) = (await check(read, boss))["attempts"]
    assert attempt["tokens_estimated"]
    assert attempt["input_tokens"] > 300
    assert attempt["output_tokens"] >= 1500, "a token for each syllable"


async def test_what_a_canceled_run_has_written_counts(
    executor: RunExecutor,
    models: ModelsServer,
    run_id: int,
    read: Read,
    boss: Person,
    employee_id: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(attempts, "HEARTBEAT_SECONDS", 0.3)
    models.order(Answer(LONG.text, pause=0.3))
    working = asyncio.create_task(executor.execute(run_id))
    await eventually(lambda: _written(read))
    assert (await boss.post(f"/employees/{employee_id}/runs/{run_id}/cancel")).json()["status"] == "canceled"
    known = await read()
    await asyncio.wait_for(working, 5)
    run = await check(read, boss)
    assert run["output_tokens"] >= known["output_tokens"] > 200
    assert run["attempts"][0]["input_tokens"] == 120


async def test_a_worker_that_dies_leaves_what_its_attempt_had_cost(
    executor: RunExecutor,
    models: ModelsServer,
    run_id: int,
    read: Read,
    boss: Person,
    committed_db: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another worker finds it; the first one, which was only silent, is stopped later and counts what it knows."""
    monkeypatch.setattr(attempts, "HEARTBEAT_SECONDS", 0.2)
    record, silent = attempts.record_heartbeat, asyncio.Event()

    async def heartbeat(database: Database, token: UUID, usage: Usage) -> bool:
        return silent.is_set() or await record(database, token, usage)

    monkeypatch.setattr(attempts, "record_heartbeat", heartbeat)
    models.order(Answer(LONG.text, stalls=True), GOOD)
    first = asyncio.create_task(executor.execute(run_id))
    await eventually(lambda: _written(read))
    silent.set()
    await eventually(lambda: _completed_by_another(committed_db, executor, run_id, read))
    dead, _ = (await read())["attempts"]
    assert (dead["status"], dead["input_tokens"]) == ("interrupted", 120)
    assert dead["output_tokens"] > 200
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    run = await check(read, boss)
    assert run["attempts"][0]["output_tokens"] >= dead["output_tokens"]


async def test_a_worker_that_is_stopped_writes_down_what_its_attempt_has_cost(
    executor: RunExecutor,
    committed_runtime: Runtime,
    models: ModelsServer,
    run_id: int,
    read: Read,
    boss: Person,
) -> None:
    models.order(Answer(LONG.text, pause=0.2), GOOD)
    working = asyncio.create_task(executor.execute(run_id))
    await asked(models, 1)
    await eventually(lambda: _shown(committed_runtime, run_id))
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    await executor.execute(run_id)
    stopped, _ = (await check(read, boss))["attempts"]
    assert (stopped["status"], stopped["input_tokens"]) == ("interrupted", 120)
    assert stopped["output_tokens"] > 200


async def test_a_late_reply_counts_once_in_the_month_though_nobody_takes_it(
    executor: RunExecutor,
    models: ModelsServer,
    run_id: int,
    read: Read,
    boss: Person,
    committed_db: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(attempts, "HEARTBEAT_SECONDS", 60.0)
    models.order(Answer(LONG.text, before=0.5), GOOD)
    first = asyncio.create_task(executor.execute(run_id))
    await asked(models, 1)
    await lapse(committed_db)
    await executor.execute(run_id)
    before = await check(read, boss)
    await first
    run = await check(read, boss)
    assert run["output"] == EMAIL_OUTPUT
    assert run["attempts"][0]["output_tokens"] == 45 > before["attempts"][0]["output_tokens"]


async def test_a_call_that_was_refused_costs_nothing(
    executor: RunExecutor, models: ModelsServer, run_id: int, read: Read, boss: Person
) -> None:
    models.order(Answer(status=429), Answer(status=401))
    for _ in range(2):
        await executor.execute(run_id)
    run = await check(read, boss)
    assert (run["status"], run["input_tokens"], run["output_tokens"]) == ("failed", 0, 0)


async def lapse(database: Database) -> None:
    """Let every lease run out, as it does when a worker is silent."""
    async with database.session() as session:
        past = text("clock_timestamp() - interval '1 s'")
        await session.execute(update(Attempt).where(Attempt.status == "running").values(lease_until=past))


async def _written(read: Read) -> bool:
    return any(attempt["output_tokens"] > 200 for attempt in (await read())["attempts"])


async def _completed_by_another(database: Database, executor: RunExecutor, run_id: int, read: Read) -> bool:
    await lapse(database)
    await executor.execute(run_id)
    return bool((await read())["status"] == "completed")


async def _shown(committed_runtime: Runtime, run_id: int) -> bool:
    return any(piece.kind == "text" for piece in await pieces_after(committed_runtime.redis, run_id, "0-0"))
