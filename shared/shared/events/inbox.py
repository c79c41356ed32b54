"""Handling messages once: in one transaction the inbox says what is new and the handlers act. Then Redis is told the
result of each message: acknowledged, tried again, or moved to the dead letters."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from redis.asyncio import Redis
from sqlalchemy.dialects.postgresql import insert

from shared.db.transactions import with_retry
from shared.events.consumer import Message
from shared.events.event import MAX_DEAD, dead_letters_of, replays_of, tries_of
from shared.events.metrics import handled_of
from shared.events.tables import table_of
from shared.observability import tracing

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from shared.db.database import Database
    from shared.events.consumer import Consumer

logger = logging.getLogger(__name__)

HANDLER_SECONDS: Final = 8.0
"""Less than PostgreSQL's patience with a transaction in which nothing happens."""


class HandlerTooSlow(Exception):
    """A handler exceeded its time limit."""


async def handle(database: Database, consumer: Consumer, messages: Sequence[Message]) -> None:
    """Handle those that were not handled before. Raises what a handler raises, and then nothing has happened."""
    await with_retry(lambda: _handle(database, consumer, messages))


async def _handle(database: Database, consumer: Consumer, messages: Sequence[Message]) -> None:
    inbox = table_of(consumer.inbox)
    async with database.session() as session:
        ids = [{"event_id": message.envelope.id} for message in messages if message.envelope]
        statement = insert(inbox).values(ids).on_conflict_do_nothing().returning(inbox.c.event_id)
        new = set((await session.scalars(statement)).all())
        outcomes: list[tuple[str, str]] = []
        for message in messages:
            if message.envelope and message.envelope.id in new:
                new.discard(message.envelope.id)  # the same event may stand in a batch twice
                await _call(session, message)
                outcomes.append((message.envelope.source, "handled"))
            elif message.envelope:
                outcomes.append((message.envelope.source, "duplicate"))
    for source, outcome in outcomes:
        handled_of(source, outcome).inc()


async def _call(session: AsyncSession, message: Message) -> None:
    if message.subscription is None or message.envelope is None:
        return
    envelope, handler = message.envelope, message.subscription.handler
    told = {
        "messaging.system": "redis",
        "messaging.message.id": str(envelope.id),
        "event.source": envelope.source,
    }
    with tracing.continued(envelope.trace, f"handle {envelope.type}", told):
        # Not by asyncio.timeout alone: TimeoutError is an OSError, which would look like an outage.
        try:
            async with asyncio.timeout(HANDLER_SECONDS) as limit:
                await handler(session, message.event, envelope)
        except TimeoutError as error:
            if limit.expired():
                raise HandlerTooSlow(f"{message.type} took more than {HANDLER_SECONDS} s") from error
            raise


logger = logging.getLogger(__name__)


class Acknowledgements:
    """Tells Redis the results. The number of tries is stored there, so that an event that kills its worker is detected
    too."""

    def __init__(self, redis: Redis, service: str) -> None:
        self._redis = redis
        self._group = service
        self._tries = tries_of(service)
        self._dead = dead_letters_of(service)
        self._again = replays_of(service)
        self._is_full = False

    async def is_full(self) -> bool:
        """Whether there are so many dead letters that no more may be added: then nothing new may be read. Logged
        once."""
        if self._is_full and await self._redis.xlen(self._dead) < MAX_DEAD:
            self._is_full = False
            logger.info("consumer: reads events again; there is room for dead letters")
        return self._is_full

    async def count_try(self, message: Message) -> int:
        """Count a try; which one it is."""
        return int(await self._redis.hincrby(self._tries, _name(message), 1))

    async def uncount_try(self, message: Message) -> None:
        """The try did not count: what failed was something else."""
        await self._redis.hincrby(self._tries, _name(message), -1)

    async def acknowledge(self, messages: Sequence[Message]) -> None:
        """Acknowledge them."""
        async with self._redis.pipeline(transaction=True) as pipe:
            for message in messages:
                self._finish(pipe, message)
            await pipe.execute()

    async def move_to_dead_letters(self, message: Message, reason: str, *, tries: int) -> None:
        """To the dead letters, where people find it."""
        logger.error(
            "event %s %s is a dead letter after %s attempts: %s",
            message.type,
            message.identity,
            tries,
            reason,
        )
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
        handled_of(message.ordering_key[0], "dead").inc()
        if count >= MAX_DEAD and not self._is_full:
            self._is_full = True
            logger.error(
                "consumer: stopped reading events: there are %s dead letters; replay or discard some", count
            )

    def _finish(self, pipe: Any, message: Message) -> None:
        pipe.xack(message.stream, self._group, message.identity)
        pipe.hdel(self._tries, _name(message))
        if message.stream == self._again:
            pipe.xdel(message.stream, message.identity)


def _name(message: Message) -> str:
    return f"{message.stream} {message.identity}"
