"""Fixtures that put a whole service on a test's database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from redis.asyncio import Redis

from shared.db.database import Database
from testing.rollback import TestDatabase

if TYPE_CHECKING:
    from shared.runtime import Runtime
    from shared.service import ServiceDefinition

RuntimeFactory = Callable[..., AbstractAsyncContextManager["Runtime"]]
ClientFactory = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def runtime_for(redis_client: Redis, redis_url: str, settings_overrides: Mapping[str, Any]) -> RuntimeFactory:
    """`async with runtime_for(definition, database, http=transport, **settings) as runtime`."""
    # Imported here, so that tests of one function do not pay for the web framework.
    from testing.app import open_test_runtime

    def make(
        definition: ServiceDefinition,
        database: Database,
        *,
        http: httpx.AsyncBaseTransport | None = None,
        **settings: Any,
    ) -> AbstractAsyncContextManager[Runtime]:
        return open_test_runtime(
            definition,
            database=database,
            redis=redis_client,
            redis_url=redis_url,
            settings={**settings_overrides, **settings},
            http=http,
        )

    return make


@pytest.fixture
def client_for(runtime_for: RuntimeFactory) -> ClientFactory:
    """As `runtime_for`, but an httpx.AsyncClient of the service; or of `runtime=` where the test has one."""
    from testing.app import open_client

    @asynccontextmanager
    async def make(
        definition: ServiceDefinition,
        database: Database | None = None,
        *,
        runtime: Runtime | None = None,
        **options: Any,
    ) -> AsyncIterator[httpx.AsyncClient]:
        async with AsyncExitStack() as stack:
            if runtime is None:
                runtime = await stack.enter_async_context(runtime_for(definition, database, **options))
            yield await stack.enter_async_context(open_client(definition, runtime))

    return make


@pytest.fixture
async def runtime(
    runtime_for: RuntimeFactory, definition: ServiceDefinition, db: TestDatabase
) -> AsyncIterator[Runtime]:
    """The Runtime of the service under test, on the database that is rolled back."""
    async with runtime_for(definition, db) as opened:
        yield opened


@pytest.fixture
async def client(
    client_for: ClientFactory, definition: ServiceDefinition, runtime: Runtime
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the service under test, on the database that is rolled back."""
    async with client_for(definition, runtime=runtime) as opened:
        yield opened


@pytest.fixture
async def committed_runtime(
    runtime_for: RuntimeFactory, definition: ServiceDefinition, committed_db: Database
) -> AsyncIterator[Runtime]:
    """As `runtime`, on a database of this test alone where everything is really committed."""
    async with runtime_for(definition, committed_db) as opened:
        yield opened


@pytest.fixture
async def committed_client(
    client_for: ClientFactory, definition: ServiceDefinition, committed_runtime: Runtime
) -> AsyncIterator[httpx.AsyncClient]:
    """As `client`, for requests at the same time and for what happens after a commit."""
    async with client_for(definition, runtime=committed_runtime) as opened:
        yield opened
