"""Runs that a worker's hands do with a fake provider, on a database where everything is committed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from ai_service.providers.anthropic import AnthropicProvider
from ai_service.providers.provider import Provider
from ai_service.runs.execution import RunExecutor
from fakes.language_models import KEY, ModelsServer
from services.ai.tests.factories import OWNER, Person, make_employee, make_run, subscribe
from services.ai.tests.runs.kit import PRICES, Read
from shared.db.database import Database
from shared.redis_clients import with_timeout
from shared.runtime import Runtime


@pytest.fixture
def provider(models: ModelsServer) -> Provider:
    return AnthropicProvider(url=models.url, key=KEY, model="test-model", silence=1.0, total=10.0)


@pytest.fixture
async def executor(committed_runtime: Runtime, provider: Provider) -> AsyncIterator[RunExecutor]:
    redis = with_timeout(committed_runtime.redis, seconds=0.5)
    made = RunExecutor(committed_runtime.database, redis, provider, PRICES)
    yield made
    await made.close()


@pytest.fixture
async def employee_id(committed_db: Database) -> int:
    await subscribe(committed_db, OWNER)
    return await make_employee(committed_db, description="Sign as Mina")


@pytest.fixture
async def boss(committed_client: httpx.AsyncClient, employee_id: int) -> Person:
    """The employee's owner."""
    return Person(committed_client, OWNER)


@pytest.fixture
async def run_id(committed_db: Database, employee_id: int) -> int:
    return await make_run(committed_db, employee_id)


@pytest.fixture
def read(boss: Person, employee_id: int, run_id: int) -> Read:
    async def run() -> dict[str, Any]:
        found: dict[str, Any] = (await boss.get(f"/employees/{employee_id}/runs/{run_id}")).json()
        return found

    return run
