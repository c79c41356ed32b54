"""Workers that are killed, stopped or taken for dead: one result, and every attempt to be seen."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import func, select, text

from ai_service.providers.provider import Provider
from ai_service.runs import attempts, rules
from ai_service.runs.execution import RunExecutor
from ai_service.schema import Attempt, Outbox, Run
from fakes.language_models import KEY, Answer, ModelsServer
from services.ai.tests.factories import EMAIL_OUTPUT, make_run
from services.ai.tests.runs.kit import PRICES, asked, lapse, state
from shared.db.database import Database
from testing import eventually
from testing.app import BASE_SETTINGS
from testing.local_servers.process import free_port

GOOD = Answer(json.dumps(EMAIL_OUTPUT))
Worker = Callable[[], "subprocess.Popen[bytes]"]


@pytest.fixture
def worker(committed_db: Database, redis_url: str, models: ModelsServer) -> Iterator[Worker]:
    """Starts a real worker process, as production does, with the fake provider."""
    started: list[subprocess.Popen[bytes]] = []
    settings = {
        **{name.upper(): str(value) for name, value in BASE_SETTINGS.items()},
        "DATABASE_URL": committed_db.url,
        "REDIS_URL": redis_url,
        "LLM_PROVIDER": "anthropic",
        "LLM_API_URL": models.url,
        "LLM_API_KEY": KEY,
        "LLM_MODEL": "test-model",
    }

    def start() -> subprocess.Popen[bytes]:
        environment = {**os.environ, **settings, "WORKER_PORT": str(free_port())}
        command = [sys.executable, "-m", "ai_service", "worker"]
        started.append(subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


async def completions(database: Database) -> int:
    async with database.session() as session:
        query = select(func.count()).where(Outbox.type == "run.completed")
        return await session.scalar(query) or 0


async def test_a_worker_killed_in_mid_run_is_succeeded_by_another_and_the_crash_is_to_be_seen(
    worker: Worker, models: ModelsServer, committed_db: Database, employee_id: int
) -> None:
    run_id = await make_run(committed_db, employee_id)
    done_before = await make_run(committed_db, employee_id)
    models.order(GOOD, Answer(GOOD.text, pause=30.0))
    first = worker()
    await asked(models, 2)
    await eventually(lambda: _called(committed_db, 2), within=10)
    slow = await eventually(lambda: _unfinished(committed_db), within=10, until=lambda ids: len(ids) == 1)
    first.send_signal(signal.SIGKILL)
    assert first.wait(10) == -signal.SIGKILL
    (crashed,) = slow
    (finished,) = {run_id, done_before} - {crashed}
    assert await state(committed_db, crashed) == ("running", ["running"])
    models.usual = GOOD
    worker()

    async def crashed_run() -> tuple[str, list[str]]:
        return await state(committed_db, crashed)

    assert await eventually(crashed_run, within=40, until=lambda found: found[0] == "completed") == (
        "completed",
        ["interrupted", "succeeded"],
    )
    assert await state(committed_db, finished) == ("completed", ["succeeded"])
    assert len(models.calls) == 3
    assert await completions(committed_db) == 2
    async with committed_db.session() as session:
        spent = select(func.sum(Attempt.input_tokens)).where(Attempt.run_id == crashed)
        counted = (await session.get_one(Run, crashed)).input_tokens
        assert counted == await session.scalar(spent)
        assert counted > 120


async def test_a_worker_that_was_taken_for_dead_and_comes_back_changes_nothing(
    executor: RunExecutor,
    models: ModelsServer,
    committed_db: Database,
    employee_id: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(attempts, "HEARTBEAT_SECONDS", 60.0)
    run_id = await make_run(committed_db, employee_id)
    late = json.dumps({**EMAIL_OUTPUT, "reply": "Too late"})
    models.order(Answer(late, before=0.5), GOOD)
    first = asyncio.create_task(executor.execute(run_id))
    await asked(models, 1)
    await lapse(committed_db)
    await executor.execute(run_id)
    await first
    assert await state(committed_db, run_id) == ("completed", ["interrupted", "succeeded"])
    async with committed_db.session() as session:
        assert (await session.get_one(Run, run_id)).output == EMAIL_OUTPUT
    assert await completions(committed_db) == 1


async def test_while_a_worker_is_alive_another_waits_for_its_lease(
    executor: RunExecutor, models: ModelsServer, committed_db: Database, employee_id: int
) -> None:
    run_id = await make_run(committed_db, employee_id)
    models.order(Answer(GOOD.text, before=0.5))
    first = asyncio.create_task(executor.execute(run_id))
    await asked(models, 1)
    await executor.execute(run_id)
    await first
    assert await state(committed_db, run_id) == ("completed", ["succeeded"])
    async with committed_db.session() as session:
        query = "SELECT extract(epoch FROM max(execute_after - created)) FROM pgqueuer"
        seconds = float(await session.scalar(text(query)) or 0)
    assert 5.0 < seconds <= attempts.LEASE.total_seconds() + 0.3


async def test_a_worker_that_is_stopped_hands_the_run_back_at_once(
    executor: RunExecutor, models: ModelsServer, committed_db: Database, employee_id: int
) -> None:
    run_id = await make_run(committed_db, employee_id)
    models.order(Answer(GOOD.text, before=5.0), GOOD)
    working = asyncio.create_task(executor.execute(run_id))
    await asked(models, 1)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    assert await state(committed_db, run_id) == ("queued", ["interrupted"])
    await executor.execute(run_id)
    assert await state(committed_db, run_id) == ("completed", ["interrupted", "succeeded"])


async def test_a_run_at_which_workers_vanish_time_after_time_fails(
    provider: Provider, models: ModelsServer, committed_db: Database, employee_id: int
) -> None:
    run_id = await make_run(committed_db, employee_id)
    for _ in range(rules.MAX_INTERRUPTED + 1):
        await _vanish(committed_db, provider, run_id, called=True)
    status, found = await state(committed_db, run_id)
    assert (status, found) == ("failed", ["interrupted"] * rules.MAX_INTERRUPTED)
    async with committed_db.session() as session:
        assert (await session.get_one(Run, run_id)).error == "interrupted"
    assert models.calls == []


async def test_an_attempt_that_vanished_before_it_asked_costs_nothing_and_is_not_counted(
    executor: RunExecutor, provider: Provider, models: ModelsServer, committed_db: Database, employee_id: int
) -> None:
    run_id = await make_run(committed_db, employee_id)
    for _ in range(rules.MAX_INTERRUPTED + 1):
        await _vanish(committed_db, provider, run_id, called=False)
    models.order(GOOD)
    await executor.execute(run_id)
    assert (await state(committed_db, run_id))[0] == "completed"
    async with committed_db.session() as session:
        assert (await session.get_one(Run, run_id)).input_tokens == 120


async def test_a_crashed_run_that_was_canceled_meanwhile_is_not_taken_up_again(
    executor: RunExecutor,
    provider: Provider,
    models: ModelsServer,
    committed_db: Database,
    employee_id: int,
    boss: Any,
) -> None:
    run_id = await make_run(committed_db, employee_id)
    await _vanish(committed_db, provider, run_id, called=True)
    assert (await boss.post(f"/employees/{employee_id}/runs/{run_id}/cancel")).status_code == 200
    await executor.execute(run_id)
    assert (await state(committed_db, run_id))[0] == "canceled"
    assert models.calls == []


async def _vanish(database: Database, provider: Provider, run_id: int, *, called: bool) -> None:
    """An attempt begins, and nothing is ever heard of it again."""
    async with database.session() as session:
        begun = await attempts.begin(session, run_id=run_id, provider=provider, prices=PRICES)
    if isinstance(begun, attempts.StartedAttempt):
        if called:
            assert await attempts.record_call(database, begun.token, input_tokens=300)
        await lapse(database)


async def _called(database: Database, times: int) -> bool:
    async with database.session() as session:
        query = select(func.count()).where(Attempt.called_at.is_not(None))
        return await session.scalar(query) == times


async def _unfinished(database: Database) -> list[int]:
    async with database.session() as session:
        return list(await session.scalars(select(Run.id).where(Run.finished_at.is_(None))))
