"""What a worker makes of a provider that is down, busy or refuses."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text

from ai_service.runs import rules
from ai_service.runs.execution import RunExecutor
from fakes.language_models import Answer, ModelsServer
from services.ai.tests.factories import EMAIL_OUTPUT, Person
from services.ai.tests.runs.kit import Read, statuses
from shared.db.database import Database

GOOD = Answer(json.dumps(EMAIL_OUTPUT))


async def delays(database: Database) -> list[float]:
    """In how many seconds each waiting job is due; the first is that of the run itself."""
    async with database.session() as session:
        query = "SELECT extract(epoch FROM execute_after - created) FROM pgqueuer ORDER BY id"
        return [float(seconds) for seconds in await session.scalars(text(query))]


@pytest.mark.parametrize("answer", [Answer(status=500), Answer(GOOD.text, cut=True), Answer(before=3)])
async def test_a_provider_that_fails_is_asked_again_after_a_while(
    executor: RunExecutor,
    models: ModelsServer,
    run_id: int,
    read: Read,
    committed_db: Database,
    answer: Answer,
) -> None:
    models.order(answer, GOOD)
    await executor.execute(run_id)
    assert ((await read())["status"], await statuses(read)) == ("queued", ["failed"])
    _, delay = await delays(committed_db)
    assert 1.0 <= delay <= 2.1
    await executor.execute(run_id)
    assert ((await read())["status"], await statuses(read)) == ("completed", ["failed", "succeeded"])


async def test_a_busy_provider_is_given_the_time_that_it_asks_for(
    executor: RunExecutor, models: ModelsServer, run_id: int, read: Read, committed_db: Database
) -> None:
    models.order(Answer(status=429, headers={"Retry-After": "37"}))
    await executor.execute(run_id)
    _, delay = await delays(committed_db)
    assert 37.0 <= delay < 38.0
    assert "429" in (await read())["attempts"][0]["error"]


async def test_a_provider_that_wants_too_much_patience_fails_the_run(
    executor: RunExecutor, models: ModelsServer, run_id: int, read: Read
) -> None:
    models.order(Answer(status=429, headers={"Retry-After": "86400"}))
    await executor.execute(run_id)
    assert ((await read())["status"], (await read())["error"]) == ("failed", "provider_unavailable")


async def test_a_provider_that_keeps_failing_fails_the_run(
    executor: RunExecutor, models: ModelsServer, run_id: int, read: Read, boss: Person
) -> None:
    models.usual = Answer(status=503)
    for _ in range(rules.MAX_FAILED + 1):
        await executor.execute(run_id)
    run = await read()
    assert (run["status"], run["error"]) == ("failed", "provider_unavailable")
    assert len(models.calls) == len(run["attempts"]) == rules.MAX_FAILED
    assert (await boss.get("/plan")).json()["tokens"]["reserved"] == 0


async def test_a_refusal_fails_the_run_at_once_and_tells_no_key(
    executor: RunExecutor, models: ModelsServer, run_id: int, read: Read
) -> None:
    models.order(Answer(status=401))
    await executor.execute(run_id)
    run = await read()
    assert (run["status"], run["error"], len(run["attempts"])) == ("failed", "provider_refused", 1)
    assert "sk-test" not in json.dumps(run)


def test_delays_double_and_end() -> None:
    found = [rules.delay_after(failures, retry_after=None) for failures in range(1, rules.MAX_FAILED + 1)]
    assert found[-1] is None
    for number, delay in enumerate(found[:-1]):
        assert delay is not None
        assert 2.0**number <= delay <= 2.0 ** (number + 1)
    assert rules.delay_after(1, retry_after=30.0) == 30.0
