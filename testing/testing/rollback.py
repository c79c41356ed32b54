"""A Database whose every session is undone at the end of the test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from shared.db.database import Database


class TestDatabase(Database):
    """All sessions and reads go through one connection in one transaction that nobody commits.

    What a session commits is a savepoint: later reads see it, the next test does not. Two sessions at the same time are
    not possible; for those there is `committed_db`. `now()` is the same moment for the whole test.
    """

    __test__ = False  # the name is no reason for pytest to collect it

    _connection: AsyncConnection | None = None

    @asynccontextmanager
    async def rolled_back(self) -> AsyncIterator[TestDatabase]:
        """One test's use."""
        async with self.primary.connect() as connection:
            transaction = await connection.begin()
            self._connection = connection
            try:
                yield self
            finally:
                self._connection = None
                await transaction.rollback()

    @asynccontextmanager
    async def read(self, *, fresh: bool = False) -> AsyncIterator[AsyncConnection]:
        """Sees what the test's sessions wrote; a failing statement is undone alone, as it is in production."""
        connection = self._bound
        savepoint = await connection.begin_nested()
        try:
            yield connection
        finally:
            await savepoint.rollback()

    @asynccontextmanager
    async def read_raw(self) -> AsyncIterator[asyncpg.Connection]:
        """Sees what the test's sessions wrote."""
        pooled = await self._bound.get_raw_connection()
        yield cast("asyncpg.Connection", pooled.driver_connection)

    async def fetch(self, sql: str, *values: Any) -> list[asyncpg.Record]:
        """Sees what the test's sessions wrote."""
        async with self.read_raw() as connection:
            return await connection.fetch(sql, *values)

    def _new_session(self) -> AsyncSession:
        return AsyncSession(self._bound, expire_on_commit=False, join_transaction_mode="create_savepoint")

    @property
    def _bound(self) -> AsyncConnection:
        if self._connection is None:
            raise RuntimeError("the test is over, or it did not ask for the fixture `db`")
        return self._connection
