"""A booking to be paid, on a database where processes may crash."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from services.coocook.tests.factories import COOK, CUSTOMER, make_booking, make_chef, subscribe
from shared.db.database import Database
from shared.payments.stripe_provider import StripeProvider
from shared.runtime import Runtime
from shared.service import ServiceDefinition
from testing.payments import SandboxServer
from testing.service_fixtures import RuntimeFactory


@pytest.fixture
async def provider(sandbox: SandboxServer) -> AsyncIterator[StripeProvider]:
    provider = sandbox.provider(timeout=1.0, total=2.0, retries=0)
    yield provider
    await provider.close()


@pytest.fixture
async def open_booking(committed_db: Database) -> int:
    chef_id = await make_chef(committed_db)
    await subscribe(committed_db, CUSTOMER, COOK)
    return await make_booking(committed_db, chef_id, status="pending")


@pytest.fixture
async def committed_runtime(
    runtime_for: RuntimeFactory, definition: ServiceDefinition, committed_db: Database
) -> AsyncIterator[Runtime]:
    async with runtime_for(definition, committed_db) as opened:
        yield opened
