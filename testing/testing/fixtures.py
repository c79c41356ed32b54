"""Fixtures for servers, databases and tokens.

A service's conftest defines `definition`, and `settings_overrides` where it has settings of its own.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from redis.asyncio import Redis

from shared.db.database import Database
from shared.settings import ServiceSettings
from testing.databases import TestServer, record_queries
from testing.rollback import TestDatabase
from testing.servers import DisposableServers
from testing.tokens import auth_headers as make_auth_headers

if TYPE_CHECKING:
    from shared.service import ServiceDefinition

POSTGRES = "SOFTFACTORY_TEST_POSTGRES"
"""How processes of a test run learn of its server; see `testing.plugin`."""


@pytest.fixture(scope="session", autouse=True)
def no_settings_of_the_shell() -> None:
    """Settings are those that tests give, whatever LOG_LEVEL was exported where they are run."""
    forget_settings()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The superuser's URL of the run's PostgreSQL server."""
    shared_by_all = os.environ.get(POSTGRES)
    if shared_by_all:
        yield shared_by_all
        return
    servers = DisposableServers(["postgres"])
    yield servers.urls["postgres"]
    servers.close()


@pytest.fixture(scope="session")
def test_server(postgres_url: str) -> TestServer:
    """Makes databases."""
    return TestServer(postgres_url, worker=os.environ.get("PYTEST_XDIST_WORKER", "main"))


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """An empty Redis-protocol server of this process alone: tests may flush, pause or fill it."""
    servers = DisposableServers(["valkey"])
    yield servers.urls["valkey"]
    servers.close()


@pytest.fixture
async def redis_client(redis_url: str) -> AsyncIterator[Redis]:
    """A client of the emptied server."""
    async with Redis.from_url(redis_url) as client:
        await client.flushall()
        yield client


@pytest.fixture
def migrations(definition: ServiceDefinition) -> Path:
    """Which migrations `db` and `committed_db` have; by default those of the service under test."""
    return definition.migrations


@pytest.fixture
def database_name(definition: ServiceDefinition) -> str:
    """Short and plain: names the databases and the role that owns them."""
    return definition.name


@pytest.fixture(scope="session")
async def open_databases() -> AsyncIterator[dict[str, TestDatabase]]:
    """Databases kept open from test to test, by URL."""
    kept: dict[str, TestDatabase] = {}
    yield kept
    for database in kept.values():
        await database.close()


@pytest.fixture
async def db(
    test_server: TestServer, migrations: Path, database_name: str, open_databases: dict[str, TestDatabase]
) -> AsyncIterator[TestDatabase]:
    """A migrated database; whatever the test writes is rolled back. One session at a time."""
    url = await test_server.worker_database(database_name, migrations)
    database = open_databases.setdefault(url, TestDatabase(url, application_name="test"))
    async with database.rolled_back():
        yield database


@pytest.fixture
async def committed_db(
    test_server: TestServer, migrations: Path, database_name: str
) -> AsyncIterator[Database]:
    """A migrated database of this test alone, for tests that commit or have several sessions at once."""
    async with test_server.cloned(database_name, migrations) as url:
        # Tests of races ask many at once, without the queue that a service has before its pool.
        database = Database(url, application_name="test", pool_size=10, max_overflow=10, pool_timeout=30)
        yield database
        await database.close()


@pytest.fixture
def query_recorder() -> Callable[[], Any]:
    """`with query_recorder() as queries: ...` and then `assert len(queries) <= 2`."""
    return record_queries


@pytest.fixture
def auth_headers() -> Callable[..., dict[str, str]]:
    """`auth_headers(user_id, role="user", sid=None)`: the header of somebody logged in."""
    return make_auth_headers


@pytest.fixture
def settings_overrides() -> Mapping[str, Any]:
    """Settings that the service under test needs besides the common ones."""
    return {}


def forget_settings() -> None:
    """Take every setting of every service that is loaded out of this process's environment."""
    for settings in _kinds(ServiceSettings):
        for name in settings.model_fields:
            os.environ.pop(name.upper(), None)


def _kinds(settings: type[ServiceSettings]) -> Iterator[type[ServiceSettings]]:
    yield settings
    for kind in settings.__subclasses__():
        yield from _kinds(kind)
