"""coocook under test: its definition, the payment sandbox, and people who use it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from coocook_service.definition import definition as coocook
from coocook_service.tables import Outbox
from services.coocook.tests.factories import COOK, CUSTOMER, OTHER, Person, make_chef, subscribe
from services.coocook.tests.kit import CommittedClient, Published, Till
from shared.db.database import Database
from shared.service import ServiceDefinition
from shared.tls import empty_context
from testing.payments import SandboxServer, running_sandbox
from testing.rollback import TestDatabase
from testing.service_fixtures import ClientFactory


@pytest.fixture(scope="session")
def definition() -> ServiceDefinition:
    return coocook


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    """The payment provider."""
    with running_sandbox(tmp_path_factory.mktemp("sandbox") / "state.sqlite") as server:
        yield server


@pytest.fixture
def settings_overrides(sandbox: SandboxServer) -> Mapping[str, Any]:
    return {"stripe_api_url": sandbox.url, "stripe_secret_key": sandbox.api_key}


@pytest.fixture
async def till(sandbox: SandboxServer) -> AsyncIterator[Till]:
    """The sandbox's books, empty."""
    async with httpx.AsyncClient(base_url=f"{sandbox.url}/_sandbox/", verify=empty_context()) as http:
        till = Till(http)
        await till.reset()
        yield till


@pytest.fixture
def published(db: TestDatabase) -> Published:
    """The types of the events in the outbox, in their order."""

    async def types() -> list[str]:
        async with db.session() as session:
            return list(await session.scalars(select(Outbox.type).order_by(Outbox.id)))

    return types


@pytest.fixture
def committed_client(
    client_for: ClientFactory, definition: ServiceDefinition, committed_db: Database
) -> CommittedClient:
    """A client on a database with several connections, where requests really run at once."""
    return lambda: client_for(definition, committed_db)


@pytest.fixture
async def subscribers(db: TestDatabase) -> None:
    """The customers and the chef of most tests have subscribed to coocook."""
    await subscribe(db, CUSTOMER, COOK, OTHER)


@pytest.fixture
async def chef_id(db: TestDatabase, subscribers: None) -> int:
    return await make_chef(db)


@pytest.fixture
def cook(client: httpx.AsyncClient, subscribers: None) -> Person:
    return Person(client, COOK)


@pytest.fixture
def customer(client: httpx.AsyncClient, subscribers: None) -> Person:
    return Person(client, CUSTOMER)


@pytest.fixture
def other(client: httpx.AsyncClient, subscribers: None) -> Person:
    return Person(client, OTHER)
