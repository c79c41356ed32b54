"""An account whose access has to be renewed, and connections to its network."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from services.sns.tests.accounts.access import (
    access,
)
from services.sns.tests.factories import Person
from sns_service.networks.transport import connect

PAST = timedelta(minutes=-1)


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    client = connect(timeout=5, at_a_time=5, guarded=False)
    yield client
    await client.aclose()


@pytest.fixture
async def account_id(author: Person) -> int:
    """At TikTok, where a refresh token can be spent once."""
    return await author.link("tiktok", credentials=access(expires=PAST))
