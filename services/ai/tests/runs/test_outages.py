"""Databases that are away while a run is done: no reply is lost, and the run comes again."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from ai_service.runs import attempts, execution, outcomes
from ai_service.runs.execution import RunExecutor
from fakes.language_models import Answer, ModelsServer
from services.ai.tests.factories import EMAIL_OUTPUT, make_run
from services.ai.tests.runs.kit import lapse, state
from shared.db.database import Database

GOOD = Answer(json.dumps(EMAIL_OUTPUT))


async def test_a_reply_survives_a_database_that_is_away_when_it_comes(
    executor: RunExecutor,
    models: ModelsServer,
    committed_db: Database,
    employee_id: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(execution, "PAUSES", (0.01, 0.01))
    run_id = await make_run(committed_db, employee_id)
    models.order(GOOD)
    held, failures = outcomes.lock_attempt, [ConnectionResetError(), ConnectionResetError()]

    async def sometimes(*arguments: Any, **named: Any) -> Any:
        if failures:
            raise failures.pop()
        return await held(*arguments, **named)

    monkeypatch.setattr(outcomes, "lock_attempt", sometimes)
    await executor.execute(run_id)
    assert await state(committed_db, run_id) == ("completed", ["succeeded"])
    assert len(models.calls) == 1


async def test_a_worker_whose_database_stays_away_leaves_the_run_to_the_job_that_comes_again(
    executor: RunExecutor,
    models: ModelsServer,
    committed_db: Database,
    employee_id: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(attempts, "HEARTBEAT_SECONDS", 0.02)
    monkeypatch.setattr(attempts, "LEASE", timedelta(seconds=0.1))
    run_id = await make_run(committed_db, employee_id)
    models.order(Answer(GOOD.text, before=5.0), GOOD)

    async def away(*_: Any) -> bool:
        raise ConnectionRefusedError

    with monkeypatch.context() as outage:
        outage.setattr(attempts, "record_heartbeat", away)
        with pytest.raises(ConnectionRefusedError):
            await executor.execute(run_id)
    await lapse(committed_db)
    await executor.execute(run_id)
    assert await state(committed_db, run_id) == ("completed", ["interrupted", "succeeded"])
