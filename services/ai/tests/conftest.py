"""ai under test: its definition, a fake model provider, and people who use it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from ai_service.definition import definition as ai
from ai_service.tables import Outbox
from fakes.language_models import ModelsServer, running_models
from services.ai.tests.factories import OWNER, Person, Published, subscribe
from shared.service import ServiceDefinition
from testing.rollback import TestDatabase


@pytest.fixture(scope="session")
def definition() -> ServiceDefinition:
    return ai


@pytest.fixture
def settings_overrides() -> Mapping[str, Any]:
    return {"local_pause_seconds": 0, "training_seconds": 0}


@pytest.fixture(scope="session")
def models_server() -> Iterator[ModelsServer]:
    with running_models() as server:
        yield server


@pytest.fixture
def models(models_server: ModelsServer) -> ModelsServer:
    """The fake providers, with nothing asked of them yet."""
    models_server.reset()
    return models_server


@pytest.fixture
def published(db: TestDatabase) -> Published:
    """The types of the events in the outbox, in their order."""

    async def types() -> list[str]:
        async with db.session() as session:
            return list(await session.scalars(select(Outbox.type).order_by(Outbox.id)))

    return types


@pytest.fixture
async def owner(client: httpx.AsyncClient, db: TestDatabase) -> Person:
    """Somebody with both subscriptions."""
    await subscribe(db, OWNER)
    return Person(client, OWNER)
