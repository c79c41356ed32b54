"""Who is watching runs in this process, and what has become of those runs: one question at a time, for all of them."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from redis.asyncio import Redis

from ai_service.runs import queries
from ai_service.runs.errors import TooManyWatchers
from shared.db.database import Database
from shared.outages import is_temporary_or_slow
from shared.tasks import cancel_and_wait

logger = logging.getLogger(__name__)
MAX_WATCHERS: Final = 500
"""Of one process."""


class Watchers:
    """Those of one process: how many there are, and by what they look into streams and at runs."""

    def __init__(self, redis: Redis, statuses: RunStatuses) -> None:
        self.redis = redis
        self.statuses = statuses
        self.count = 0

    def admit(self) -> None:
        """Raises TooManyWatchers."""
        if self.count >= MAX_WATCHERS:
            raise TooManyWatchers(retry_after=5)


class RunStatuses:
    """Asks the database about many runs in one statement, on one connection: hundreds of watchers who each asked for
    themselves would wait for each other, and for the requests, at the pool."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._asked: dict[int, asyncio.Future[str | None]] = {}
        self._asking: asyncio.Task[None] | None = None

    def ask(self, run_id: int) -> asyncio.Future[str | None]:
        """The run's status at a moment after this call, None where it is gone. Not to be cancelled: others wait for it
        too. Raises what the database does."""
        future = self._asked.get(run_id)
        if future is None:
            future = self._asked[run_id] = asyncio.get_running_loop().create_future()
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask(), name="ask about watched runs")
        return future

    async def close(self) -> None:
        """Ask no more."""
        if self._asking is not None:
            await cancel_and_wait(self._asking)

    async def _ask(self) -> None:
        try:
            while self._asked:
                asked, self._asked = self._asked, {}
                await self._answer(asked)
        finally:
            self._asking = None

    async def _answer(self, asked: dict[int, asyncio.Future[str | None]]) -> None:
        try:
            found = await queries.statuses(self._database, list(asked))
        except Exception as error:
            if is_temporary_or_slow(error):
                logger.warning("runs: the status of %d watched runs cannot be read: %r", len(asked), error)
            for future in asked.values():
                future.set_exception(error)
                future.exception()  # who asked may be gone, and then nobody else looks
            return
        for run_id, future in asked.items():
            future.set_result(found.get(run_id))
