"""What becomes of a message: done, tried again, or buried with the reason."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from redis.asyncio import Redis

from shared.events.message import Message
from shared.events.stream import MAX_DEAD, again_of, dead_of, tries_of

logger = logging.getLogger(__name__)


class Outcome:
    """Tells Redis. The number of tries is kept there, so that an event that kills its worker is found out too."""

    def __init__(self, redis: Redis, service: str) -> None:
        self._redis = redis
        self._group = service
        self._tries = tries_of(service)
        self._dead = dead_of(service)
        self._again = again_of(service)
        self._is_full = False

    async def is_full(self) -> bool:
        """Whether there are so many dead letters that no more may come: then nothing new may be read. Says so once."""
        if self._is_full and await self._redis.xlen(self._dead) < MAX_DEAD:
            self._is_full = False
            logger.info("consumer: reads on, there is room for dead letters again")
        return self._is_full

    async def begin(self, message: Message) -> int:
        """Count a try; which one it is."""
        return int(await self._redis.hincrby(self._tries, _name(message), 1))

    async def take_back(self, message: Message) -> None:
        """The try did not count: what failed was something else."""
        await self._redis.hincrby(self._tries, _name(message), -1)

    async def done(self, messages: Sequence[Message]) -> None:
        """Acknowledge them."""
        async with self._redis.pipeline(transaction=True) as pipe:
            for message in messages:
                self._finish(pipe, message)
            await pipe.execute()

    async def bury(self, message: Message, reason: str, *, tries: int) -> None:
        """To the dead letters, where people find it."""
        logger.error("event %s %s is dead after %s tries: %s", message.type, message.identity, tries, reason)
        fields: dict[Any, Any] = {
            **message.fields,
            b"reason": reason[:2000],
            b"stream": message.stream,
            b"tries": tries,
            b"failed_at": datetime.now(UTC).isoformat(),
        }
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.xadd(self._dead, fields)
            pipe.xlen(self._dead)
            self._finish(pipe, message)
            count = (await pipe.execute())[1]
        if count >= MAX_DEAD and not self._is_full:
            self._is_full = True
            logger.error(
                "consumer: reads no more events: there are %s dead letters, replay or discard some", count
            )

    def _finish(self, pipe: Any, message: Message) -> None:
        pipe.xack(message.stream, self._group, message.identity)
        pipe.hdel(self._tries, _name(message))
        if message.stream == self._again:
            pipe.xdel(message.stream, message.identity)


def _name(message: Message) -> str:
    return f"{message.stream} {message.identity}"
