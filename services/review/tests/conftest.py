"""review under test: its definition, and people who use it."""

from __future__ import annotations

import httpx
import pytest
from sqlalchemy import select

from review_service.definition import definition as review
from review_service.tables import Outbox
from services.review.tests.factories import CREATOR, REVIEWER, Person, subscribe
from services.review.tests.kit import Published
from shared.service import ServiceDefinition
from testing.rollback import TestDatabase


@pytest.fixture(scope="session")
def definition() -> ServiceDefinition:
    return review


@pytest.fixture
def published(db: TestDatabase) -> Published:
    """The types and the data of the events in the outbox, in their order."""

    async def events() -> list[tuple[str, dict[str, object]]]:
        async with db.session() as session:
            rows = await session.execute(select(Outbox.type, Outbox.data).order_by(Outbox.id))
            return [(type_, data) for type_, data in rows]

    return events


@pytest.fixture
async def creator(client: httpx.AsyncClient, db: TestDatabase) -> Person:
    """Who makes campaigns, and decides."""
    await subscribe(db, CREATOR)
    return Person(client, CREATOR)


@pytest.fixture
def reviewer(client: httpx.AsyncClient) -> Person:
    """Who applies."""
    return Person(client, REVIEWER)
