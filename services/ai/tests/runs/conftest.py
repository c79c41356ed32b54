"""Runs that a worker's hands do with a fake provider, on a database where everything is committed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal

import httpx
import pytest

from ai_service.providers.anthropic import AnthropicProvider
from ai_service.resources import close_tools
from ai_service.runs.execution import Tools
from ai_service.runs.rules import Prices
from fakes.language_models import KEY, ModelsServer
from services.ai.tests.factories import OWNER, Person, make_employee, subscribe
from shared.db.database import Database
from shared.redis_clients import with_timeout
from shared.runtime import Runtime


@pytest.fixture
async def tools(committed_runtime: Runtime, models: ModelsServer) -> AsyncIterator[Tools]:
    provider = AnthropicProvider(url=models.url, key=KEY, model="test-model", silence=1.0, total=10.0)
    redis = with_timeout(committed_runtime.redis, seconds=0.5)
    made = Tools(committed_runtime.database, redis, provider, Prices(Decimal(3), Decimal(15)))
    yield made
    await close_tools(made)


@pytest.fixture
async def employee_id(committed_db: Database) -> int:
    await subscribe(committed_db, OWNER)
    return await make_employee(committed_db, description="Sign as Mina")


@pytest.fixture
async def boss(committed_client: httpx.AsyncClient, employee_id: int) -> Person:
    """The employee's owner."""
    return Person(committed_client, OWNER)
