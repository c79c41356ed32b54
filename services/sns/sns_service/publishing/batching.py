"""Many callers, one statement: what is asked for while the database is busy goes there together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

from sns_service.retry import with_retries

T = TypeVar("T")
R = TypeVar("R")
logger = logging.getLogger(__name__)

MOST: Final = 500
ENOUGH: Final = 50


class Batch(Generic[T, R]):
    """Runs `work` for many items at once, one batch at a time; each caller gets the answer to its own item.

    `work` answers in the order of its items, in one transaction that may be repeated. While the database is away it is
    tried again for `retry_seconds`. Where a batch fails for one item's sake, the others are done alone. Fewer than
    ENOUGH wait `gather` seconds for others: one at a time, a hundred a second cost as much as a thousand together.
    """

    def __init__(
        self,
        work: Callable[[Sequence[T]], Awaitable[Sequence[R]]],
        *,
        retry_seconds: float = 0,
        gather: float = 0,
    ) -> None:
        self._work = work
        self._retry_seconds = retry_seconds
        self._gather = gather
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._running: asyncio.Task[None] | None = None

    async def submit(self, item: T) -> R:
        """The answer, once the transaction that it was made in is committed. Raises what `work` raises."""
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        return await future

    async def _run(self) -> None:
        try:
            await asyncio.sleep(0)  # who else is about to ask
            while self._waiting:
                if len(self._waiting) < ENOUGH:
                    await asyncio.sleep(self._gather)
                batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                await self._settle(batch)
        finally:
            self._running = None

    async def _settle(self, batch: Sequence[tuple[T, asyncio.Future[R]]]) -> None:
        try:
            answers = await self._with_retries([item for item, _ in batch])
        except Exception as error:
            if len(batch) > 1:
                logger.warning("a batch of %s failed; each item is tried alone: %r", len(batch), error)
                for single in batch:
                    await self._settle([single])
            elif not batch[0][1].done():
                batch[0][1].set_exception(error)
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            if not future.done():
                future.set_result(answer)

    async def _with_retries(self, items: Sequence[T]) -> Sequence[R]:
        return await with_retries(
            lambda: self._work(items), seconds=self._retry_seconds, what=f"{len(items)} posts are waiting"
        )
