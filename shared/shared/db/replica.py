"""Reading from a replica while it keeps up, and from the primary at once when it does not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.db.engine import build_engine
from shared.db.failures import classify, is_temporary
from shared.db.transactions import ReadConnection
from shared.tasks import cancel_and_wait

CHECK_EVERY_SECONDS = 1.0
MAX_LAG_SECONDS = 1.0
TRUSTED_SECONDS = 2.0
"""How long a check holds: until the next one should have come."""
CONNECT_TIMEOUT_SECONDS = 1.0

_POSITION = text("SELECT pg_current_wal_lsn()::text")
_REACHED = text(
    "SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= CAST(CAST(:position AS text) AS pg_lsn)"
)

_FOLLOWS = text("SELECT pg_is_in_recovery()")


class Replica:
    """A replica of `primary`. Reads and scrapes trigger its checks, which happen in the background."""

    def __init__(
        self,
        url: str,
        *,
        primary: AsyncEngine,
        pool_size: int,
        max_overflow: int,
        application_name: str,
        server_settings: Mapping[str, str],
        pool_timeout: float,
    ) -> None:
        self.engine = build_engine(
            url,
            pool_size=pool_size,
            max_overflow=max_overflow,
            application_name=application_name,
            server_settings=server_settings,
            pool_timeout=pool_timeout,
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            pool="replica",
        )
        self._reads = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._primary = primary
        self._trusted_until = 0.0
        self._next_check = 0.0
        self._good_at = time.monotonic()
        self._reached_from = self._good_at
        self._was_good = True
        self.lag = 0.0
        """Seconds, at the last check: how long it took to reach where the primary was, or since when it has not."""
        self._check: asyncio.Task[None] | None = None

    def usable(self) -> bool:
        """Whether its last check was good, and a moment ago; starts the next one when it is time."""
        now = time.monotonic()
        if now >= self._next_check and not self._is_checking():
            self._next_check = now + CHECK_EVERY_SECONDS
            self._check = asyncio.create_task(self._look(), name="replica check")
        return now < self._trusted_until

    def watched(self) -> bool:
        """Whether nothing was wrong with it when last checked, however long ago: nobody reads at night, and it may be
        well. Starts the next check when it is time, so that one that lags is seen before somebody reads."""
        overdue = self._is_checking() and time.monotonic() > self._next_check + MAX_LAG_SECONDS
        self.usable()
        return self._was_good and not overdue

    def skip(self) -> None:
        """Nobody reads from it until a check was good again."""
        self._trusted_until = 0.0
        self._was_good = False

    def connection(self) -> ReplicaConnection:
        """To be opened by `async with`; falls back to the primary by itself."""
        return ReplicaConnection(self, self._reads, self._primary)

    async def close(self) -> None:
        if self._check is not None:
            await cancel_and_wait(self._check)
        await self.engine.dispose()

    def _is_checking(self) -> bool:
        return self._check is not None and not self._check.done()

    async def _look(self) -> None:
        started = time.monotonic()
        try:
            good = await self._has_reached(await self._primary_position(), started + MAX_LAG_SECONDS)
        except Exception as error:
            if classify(error) is None:
                self.skip()
                raise
            good = False
        self._was_good = good
        self._trusted_until = started + TRUSTED_SECONDS if good else 0.0
        if good:
            self._good_at = started
        self.lag = time.monotonic() - (self._reached_from if good else self._good_at)

    async def _primary_position(self) -> str | None:
        """How far the primary has written; None when it is away, and nothing gets written."""
        try:
            async with self._primary.connect() as connection:
                return str((await connection.execute(_POSITION)).scalar_one())
        except Exception as error:
            if classify(error) is None:
                raise
            return None

    async def _has_reached(self, position: str | None, deadline: float) -> bool:
        """Compares positions, since times say nothing while there are no writes or while the network between the two is
        down."""
        async with self._reads.connect() as connection:
            self._reached_from = time.monotonic()
            if position is None:
                return bool((await connection.execute(_FOLLOWS)).scalar())
            while not (await connection.execute(_REACHED, {"position": position})).scalar():
                if time.monotonic() > deadline:
                    return False
                await asyncio.sleep(0.05)
        return True


class ReplicaConnection(ReadConnection):
    """Reads from the replica. A statement that fails because of the replica runs on the primary instead."""

    def __init__(self, replica: Replica, reads: AsyncEngine, primary: AsyncEngine) -> None:
        super().__init__(reads)
        self._replica = replica
        self._primary = primary

    async def start(self, is_ctxmanager: bool = False) -> AsyncConnection:
        try:
            return await super().start(is_ctxmanager)
        except Exception as error:
            if classify(error) is None:
                raise
            return await self._go_to_primary()

    async def execute(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return await super().execute(*args, **kwargs)
        except DBAPIError as error:
            if not is_temporary(error):
                raise
            await self.close()
            self.sync_connection = None
            await self._go_to_primary()
            return await super().execute(*args, **kwargs)

    async def _go_to_primary(self) -> AsyncConnection:
        self._replica.skip()
        self.engine, self.sync_engine = self._primary, self._primary.sync_engine
        return await super().start()
