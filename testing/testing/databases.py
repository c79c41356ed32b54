"""Databases for tests: a template per service through its real migrations, and copies of it; and a count of the
statements that a piece of code sends, so that a query in a loop fails a test.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4
from zlib import crc32

import asyncpg
import pytest
from sqlalchemy import Engine, event

from shared.db import migrate
from testing.local_servers.postgres import ensure_database

PASSWORD = "test"  # noqa: S105 - of roles on a server that only this test run knows
_FRAMES = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE SAVEPOINT", ";")
"""The statements of a transaction, and of the savepoints that a rolled back test has instead."""


class TestServer:
    """A PostgreSQL server that has nothing but test databases. `worker` names this process among the run's."""

    __test__ = False  # the name is no reason for pytest to collect it

    def __init__(self, admin_url: str, *, worker: str) -> None:
        self.admin_url = admin_url
        self._worker = worker
        self._templates: dict[tuple[str, Path], str] = {}

    def url(self, database: str, *, role: str) -> str:
        """The URL of a database for an ordinary role."""
        parts = urlsplit(self.admin_url)
        return urlunsplit(
            parts._replace(netloc=f"{role}:{PASSWORD}@{parts.netloc.split('@')[1]}", path=f"/{database}")
        )

    async def worker_database(self, service: str, migrations: Path) -> str:
        """This process's migrated database of a service, made at the first call: its URL."""
        known = self._templates.get((service, migrations))
        if known is None:
            known = await self._copy(
                service, migrations, f"test_{service}_{self._worker}_{len(self._templates)}"
            )
            self._templates[service, migrations] = known
        return known

    @asynccontextmanager
    async def cloned(self, service: str, migrations: Path) -> AsyncIterator[str]:
        """The URL of a fresh migrated database that is dropped at the end."""
        name = f"clone_{service}_{uuid4().hex[:12]}"
        url = await self._copy(service, migrations, name)
        try:
            yield url
        finally:
            await self._admin(f'DROP DATABASE "{name}" WITH (FORCE)')

    async def _copy(self, service: str, migrations: Path, name: str) -> str:
        template = await self._template(service, migrations)
        await self._admin(f'CREATE DATABASE "{name}" TEMPLATE "{template}" OWNER "{service}"')
        return self.url(name, role=service)

    async def _template(self, service: str, migrations: Path) -> str:
        """Makes the template unless another process of the run did; nobody may connect to it afterwards."""
        name = f"template_{service}_{crc32(str(migrations).encode())}"
        connection = await asyncpg.connect(self.admin_url)
        try:
            await connection.execute("SELECT pg_advisory_lock(hashtext($1))", name)
            ready = "SELECT 1 FROM pg_database WHERE datname = $1 AND NOT datallowconn"
            if not await connection.fetchval(ready, name):
                # One that a failed migration left half made would fail differently the second time.
                await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
                await ensure_database(self.admin_url, database=name, role=service, password=PASSWORD)
                await migrate.upgrade(self.url(name, role=service), migrations, say=lambda _: None)
                await connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        finally:
            await connection.close()
        return name

    async def _admin(self, statement: str) -> None:
        connection = await asyncpg.connect(self.admin_url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@contextmanager
def record_queries() -> Iterator[list[str]]:
    """The SQL of every statement inside, sent through SQLAlchemy or on the driver's connection, without what begins
    and ends transactions.

    `with record_queries() as queries: ...; assert len(queries) <= 2`
    """
    queries: list[str] = []

    def heard(statement: str) -> None:
        if not statement.startswith(_FRAMES):
            queries.append(statement)

    def listen(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        heard(statement)

    event.listen(Engine, "before_cursor_execute", listen)
    try:
        with pytest.MonkeyPatch.context() as patch:
            for name in ("execute", "fetch", "fetchrow", "fetchval"):  # SQLAlchemy prepares its own instead
                patch.setattr(asyncpg.Connection, name, _heard_by(heard, getattr(asyncpg.Connection, name)))
            yield queries
    finally:
        event.remove(Engine, "before_cursor_execute", listen)


def _heard_by(heard: Any, method: Any) -> Any:
    async def call(connection: Any, query: str, *arguments: Any, **options: Any) -> Any:
        heard(query)
        return await method(connection, query, *arguments, **options)

    return call
