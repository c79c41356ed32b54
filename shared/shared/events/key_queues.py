"""Events that failed, and those of the same key that wait behind them."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

from shared.events.consumer import Message
from shared.tasks import cancel_and_wait

logger = logging.getLogger(__name__)

FIRST_DELAY_SECONDS: Final = 0.1
"""Before the second try; each further pause is four times as long, so the fifth try comes after eight seconds."""
OUTAGE_SECONDS: Final = 1.0
MAX_WAITING: Final = 5_000
"""Events that queues hold, of all keys together: fewer than a successor takes over at once."""


class KeyQueues:
    """`attempt` makes one try: 0 when the message is done, else how often it was tried so far."""

    def __init__(self, attempt: Callable[[Message], Awaitable[int]], *, first_delay: float) -> None:
        self._attempt = attempt
        self._first_delay = first_delay
        self._queues: dict[tuple[str, str], deque[Message]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def are_full(self) -> bool:
        """Whether so many events wait that no more should be read."""
        return sum(map(len, self._queues.values())) >= MAX_WAITING

    def queue_behind(self, message: Message) -> bool:
        """Whether an earlier event of its key is still being tried; then this one waits for its turn."""
        queue = self._queues.get(message.ordering_key)
        if queue is None:
            return False
        queue.append(message)
        return True

    def open(self, message: Message, tries: int) -> None:
        """Begin a queue with a message that failed."""
        queue = self._queues[message.ordering_key] = deque([message])
        task = asyncio.create_task(self._run(queue, tries), name=f"events: queue {message.ordering_key}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stop. What waits was never acknowledged, so the next leader takes it over."""
        await cancel_and_wait(*self._tasks)
        self._queues.clear()

    async def _run(self, queue: deque[Message], tries: int) -> None:
        key = queue[0].ordering_key
        while queue:
            await asyncio.sleep(self._first_delay * 4 ** (tries - 1) if tries else 0)
            try:
                tries = await self._attempt(queue[0])
            except (
                Exception
            ) as error:  # PostgreSQL or Redis is away; whatever it is, the queue must not be forgotten
                logger.warning("events: a queue waits: %r", error)
                await asyncio.sleep(OUTAGE_SECONDS)
                continue
            if not tries:
                queue.popleft()
        del self._queues[key]
