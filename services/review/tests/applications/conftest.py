"""Who applies, and who decides."""

from __future__ import annotations

import httpx
import pytest

from services.review.tests.factories import CREATOR, REVIEWER, Person, subscribe
from testing.rollback import TestDatabase


@pytest.fixture
def reviewer(client: httpx.AsyncClient) -> Person:
    return Person(client, REVIEWER)


@pytest.fixture
async def creator(client: httpx.AsyncClient, db: TestDatabase) -> Person:
    await subscribe(db, CREATOR)
    return Person(client, CREATOR)
