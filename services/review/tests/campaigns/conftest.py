"""Who makes campaigns."""

from __future__ import annotations

import httpx
import pytest

from services.review.tests.factories import CREATOR, Person, subscribe
from testing.rollback import TestDatabase


@pytest.fixture
async def creator(client: httpx.AsyncClient, db: TestDatabase) -> Person:
    await subscribe(db, CREATOR)
    return Person(client, CREATOR)
