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
"""Events that lanes hold, of all keys together: fewer than a successor takes over at once."""


class KeyQueues:
    """`attempt` makes one try: 0 when the message is done with, else how often it was tried so far."""

    def __init__(self, attempt: Callable[[Message], Awaitable[int]], *, first_delay: float) -> None:
        self._attempt = attempt
        self._first_delay = first_delay
        self._lanes: dict[tuple[str, str], deque[Message]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def are_full(self) -> bool:
        """Whether so many events wait that no more should be read."""
        return sum(map(len, self._lanes.values())) >= MAX_WAITING

    def queue_behind(self, message: Message) -> bool:
        """Whether an earlier event of its key is still being tried; then this one waits for its turn."""
        lane = self._lanes.get(message.lane)
        if lane is None:
            return False
        lane.append(message)
        return True

    def open(self, message: Message, tries: int) -> None:
        """Begin a lane with a message that failed."""
        lane = self._lanes[message.lane] = deque([message])
        task = asyncio.create_task(self._run(lane, tries), name=f"events: lane {message.lane}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stop. What waits was never acknowledged, so whoever leads next takes it over."""
        await cancel_and_wait(*self._tasks)
        self._lanes.clear()

    async def _run(self, lane: deque[Message], tries: int) -> None:
        key = lane[0].lane
        while lane:
            await asyncio.sleep(self._first_delay * 4 ** (tries - 1) if tries else 0)
            try:
                tries = await self._attempt(lane[0])
            except (
                Exception
            ) as error:  # PostgreSQL or Redis is away; whatever it is, the lane must not be forgotten
                logger.warning("events: a lane waits: %r", error)
                await asyncio.sleep(OUTAGE_SECONDS)
                continue
            if not tries:
                lane.popleft()
        del self._lanes[key]
