"""review under test: its definition, and people who use it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from review_service.definition import definition as review
from review_service.tables import Outbox
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
