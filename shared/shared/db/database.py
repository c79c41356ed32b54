"""A service's database: transactions that write, and cheap reads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession
from sqlalchemy.util import await_only, greenlet_spawn

from shared.db.engine import POOL_TIMEOUT_SECONDS, SERVER_SETTINGS, build_engine, forget_plans
from shared.db.failures import is_stale_plan
from shared.db.replica import Replica
from shared.db.transactions import ReadConnection, run_callbacks


class Database:
    """Both pools of a process. Made without connecting; `close` it at the end."""

    def __init__(
        self,
        url: str,
        *,
        replica_url: str | None = None,
        pool_size: int = 10,
        max_overflow: int = 0,
        application_name: str = "softfactory",
        server_settings: Mapping[str, str] = SERVER_SETTINGS,
        pool_timeout: float = POOL_TIMEOUT_SECONDS,
    ) -> None:
        self.url = url
        self.primary: AsyncEngine = build_engine(
            url,
            pool_size=pool_size,
            max_overflow=max_overflow,
            application_name=application_name,
            server_settings=server_settings,
            pool_timeout=pool_timeout,
        )
        self._reads = self.primary.execution_options(isolation_level="AUTOCOMMIT")
        self.replica = (
            Replica(
                replica_url,
                primary=self._reads,
                pool_size=pool_size,
                max_overflow=max_overflow,
                application_name=application_name,
                server_settings=server_settings,
                pool_timeout=pool_timeout,
            )
            if replica_url
            else None
        )
        self._finishing: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """One transaction: committed at the end, rolled back on any error; then callbacks of `after_commit` run."""
        session = self._new_session()
        try:
            yield session
        except BaseException as error:
            await session.close()
            if is_stale_plan(error):
                forget_plans(self.primary)
            raise
        # A request that is cancelled now must not part the commit from what follows it.
        task = asyncio.create_task(_finish(session))
        self._finishing.add(task)
        task.add_done_callback(self._finishing.discard)
        await asyncio.shield(task)

    @asynccontextmanager
    async def read(self, *, fresh: bool = False) -> AsyncIterator[AsyncConnection]:
        """A connection for SELECTs, each its own transaction: to the replica if there is one that is up to date.

        `fresh` reads from the primary, and so sees what was just written.
        """
        replica = None if fresh else self.replica
        reads = (
            ReadConnection(self._reads) if replica is None or not replica.usable() else replica.connection()
        )
        async with reads as connection:
            yield connection

    async def fetch(self, sql: str, *values: Any) -> list[asyncpg.Record]:
        """The rows of one statement on the primary, by the bare driver and in one switch to SQLAlchemy's pool: for the
        lists that are read from the database each time."""
        return await greenlet_spawn(self._fetch, sql, values)

    def _fetch(self, sql: str, values: tuple[Any, ...]) -> list[asyncpg.Record]:
        pooled = self.primary.sync_engine.raw_connection()
        try:
            connection = cast("asyncpg.Connection", pooled.driver_connection)
            return await_only(connection.fetch(sql, *values))
        finally:
            pooled.close()

    @asynccontextmanager
    async def read_raw(self) -> AsyncIterator[asyncpg.Connection]:
        """As `read(fresh=True)`, but the bare driver: `fetch` costs half of what SQLAlchemy's `execute` does."""
        pooled = await self.primary.raw_connection()
        try:
            yield cast("asyncpg.Connection", pooled.driver_connection)
        finally:
            await greenlet_spawn(pooled.close)

    async def ping(self) -> None:
        """One round trip to the primary. Raises what SQLAlchemy raises when there is none."""
        async with self.read(fresh=True) as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Lets commits under way end, then closes every connection."""
        if self._finishing:
            await asyncio.wait(self._finishing)
        if self.replica is not None:
            await self.replica.close()
        await self.primary.dispose()

    def _new_session(self) -> AsyncSession:
        return AsyncSession(self.primary, expire_on_commit=False)


async def _finish(session: AsyncSession) -> None:
    try:
        await session.commit()
    finally:
        await session.close()
    await run_callbacks(session)
