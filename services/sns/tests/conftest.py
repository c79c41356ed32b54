"""sns under test: its definition, the fake networks, and people who use it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import timedelta
from typing import Any

import httpx
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select

from fakes.networks.app import Networks
from fakes.networks.client import Fakes, settings_of
from services.sns.tests.factories import USER, Person, subscribe
from services.sns.tests.kit import Published, Workplace
from shared.db.database import Database
from shared.runtime import Runtime
from shared.service import ServiceDefinition
from shared.tls import empty_context
from sns_service.definition import definition as sns
from sns_service.tables import Outbox
from testing.rollback import TestDatabase
from testing.service_fixtures import RuntimeFactory
from testing.serving import bound_socket, serving

KEY = Fernet.generate_key().decode()


@pytest.fixture(scope="session")
def definition() -> ServiceDefinition:
    return sns


@pytest.fixture(scope="session")
def networks_url() -> Iterator[str]:
    """WordPress, Instagram, TikTok, YouTube and X."""
    with bound_socket() as listener, serving(Networks(), listener) as url:
        yield url


@pytest.fixture
async def fakes(networks_url: str) -> AsyncIterator[Fakes]:
    """The networks, empty and well."""
    async with httpx.AsyncClient(
        base_url=f"{networks_url}/_fake/", timeout=30, verify=empty_context()
    ) as http:
        fakes = Fakes(http)
        await fakes.reset()
        yield fakes


@pytest.fixture
def settings_overrides(networks_url: str) -> Mapping[str, Any]:
    return {
        **settings_of(networks_url),
        "credential_keys": KEY,
        "network_rates": {},
        "lookup_after_seconds": 0.2,
        "network_timeout_seconds": 1.0,
        "publish_tries": 4,
    }


@pytest.fixture
def published(db: TestDatabase) -> Published:
    """The types of the events in the outbox, in their order."""

    async def types() -> list[str]:
        async with db.session() as session:
            return list(await session.scalars(select(Outbox.type).order_by(Outbox.id)))

    return types


@pytest.fixture
async def person(client: httpx.AsyncClient, db: TestDatabase) -> Person:
    """A subscriber, on the database that is rolled back."""
    await subscribe(db, USER)
    return Person(client, USER)


@pytest.fixture
async def author(committed_client: httpx.AsyncClient, committed_db: Database) -> Person:
    """A subscriber, on a database where everything is committed and workers work."""
    await subscribe(committed_db, USER)
    return Person(committed_client, USER)


@pytest.fixture
def workplace(
    runtime_for: RuntimeFactory, definition: ServiceDefinition, committed_db: Database, fakes: Fakes
) -> Workplace:
    """Workers with a runtime of their own, whose settings a test may choose: `async with workplace():`."""
    return Workplace(runtime_for, definition, committed_db)


@pytest.fixture
def quick_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue looks for jobs that come back more often than every two seconds."""
    monkeypatch.setattr("shared.jobs.worker.POLL", timedelta(seconds=0.1))


@pytest.fixture
async def working(workplace: Workplace) -> AsyncIterator[Runtime]:
    """A worker that publishes while the test runs."""
    async with workplace() as runtime:
        yield runtime
