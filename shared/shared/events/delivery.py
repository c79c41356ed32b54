"""Brings a consumer its events: read, handled with their mark in the inbox, acknowledged."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from shared.events.consumer import Message
from shared.events.consumer_groups import BEAT_SECONDS, create_group, show_alive
from shared.events.event import replays_of, stream_of
from shared.events.inbox import Acknowledgements, handle
from shared.events.key_queues import FIRST_DELAY_SECONDS, KeyQueues
from shared.events.leader_election import leader
from shared.outages import OUTAGES, is_temporary
from shared.redis_clients import with_timeout
from shared.tasks import cancel_and_wait, wait_at_most

if TYPE_CHECKING:
    import asyncpg

    from shared.db.database import Database
    from shared.events.consumer import Consumer

logger = logging.getLogger(__name__)

BATCH: Final = 50
BLOCK_MS: Final = 500
OUTAGE_SECONDS: Final = 0.5
MAX_TRIES: Final = 5
PURGE_SECONDS: Final = 10.0
KEPT: Final = timedelta(days=14)
"""Longer than any outbox keeps its events."""
_PURGE = (
    "DELETE FROM inbox WHERE event_id IN"
    " (SELECT event_id FROM inbox WHERE handled_at < now() - $1::interval LIMIT 20000)"
)
READER: Final = "worker"
"""The group's only consumer: one process reads at a time, so its successor finds at once what it left unfinished."""


class Delivery:
    """Reads for one Consumer, in the order of each stream, many events in one transaction while all goes well.

    An event that fails is tried again alone, up to MAX_TRIES with growing pauses. Later events of its key wait behind
    it in a queue of their own; all others go on.
    """

    def __init__(
        self,
        consumer: Consumer,
        database: Database,
        redis: Redis,
        *,
        first_delay: float = FIRST_DELAY_SECONDS,
    ) -> None:
        self._consumer = consumer
        self._database = database
        self._redis = with_timeout(redis, seconds=5)
        self._group = consumer.service
        self._streams = [*map(stream_of, consumer.sources), replays_of(consumer.service)]
        self._acknowledgements = Acknowledgements(self._redis, consumer.service)
        self._queues = KeyQueues(self._try, first_delay=first_delay)
        self._purge_at = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop`; comes back by itself when PostgreSQL or Redis were away."""
        beat = asyncio.create_task(self._beat(), name="heartbeat of the consumer")
        try:
            while not stop.is_set():
                try:
                    await self._lead(stop)
                except Exception as error:
                    if not isinstance(error, OUTAGES) and not is_temporary(error):
                        raise
                    logger.warning("consumer: waits for PostgreSQL or Redis: %r", error)
                    await wait_at_most(stop, OUTAGE_SECONDS)
        finally:
            await cancel_and_wait(beat)
            await self._redis.aclose()

    async def _beat(self) -> None:
        """Keeps the group from looking abandoned while this process runs, also while it stands by."""
        while True:
            with suppress(*OUTAGES):
                await show_alive(self._redis, self._streams, self._group, READER)
            await asyncio.sleep(BEAT_SECONDS)

    async def _lead(self, stop: asyncio.Event) -> None:
        async with leader(self._database.url, f"{self._group} consumer", stop) as connection:
            if connection is None:
                return
            try:
                await self._create_groups()
                await self._take_over(stop)
                while not stop.is_set():
                    if connection.is_closed():
                        raise ConnectionError("the lock's connection was lost; another process may lead")
                    await self._purge(connection)
                    if self._queues.are_full or await self._acknowledgements.is_full():
                        await wait_at_most(stop, OUTAGE_SECONDS)
                        continue
                    await self._deliver(await self._read(">"))
            finally:
                await self._queues.close()

    async def _create_groups(self) -> None:
        for stream in self._streams:
            await create_group(self._redis, stream, self._group)

    async def _purge(self, connection: asyncpg.Connection) -> None:
        """Forget, now and then, events so old that no relay will send them again."""
        if monotonic() < self._purge_at:
            return
        self._purge_at = monotonic() + PURGE_SECONDS
        await connection.execute(_PURGE, KEPT)

    async def _take_over(self, stop: asyncio.Event) -> None:
        """First what a previous process left unfinished, one by one, since one of these may have killed it."""
        for message in await self._read("0", count=10_000):
            if stop.is_set():
                return
            if not self._queues.queue_behind(message):
                await self._alone(message)

    async def _read(self, position: str, *, count: int = BATCH) -> list[Message]:
        """New messages for `>`, those given and never acknowledged for `0`."""
        streams: dict[Any, Any] = dict.fromkeys(self._streams, position)
        try:
            replies: Any = await self._redis.xreadgroup(
                self._group, READER, streams, count=count, block=BLOCK_MS if position == ">" else None
            )
        except ResponseError as error:
            if "NOGROUP" not in str(error):
                raise
            logger.warning("consumer: Redis lost the group of %s; it is created again", self._group)
            await self._create_groups()
            return []
        return [
            Message.parse(self._consumer, stream.decode(), identity.decode(), fields)
            for stream, messages in replies
            for identity, fields in messages
        ]

    async def _deliver(self, messages: Sequence[Message]) -> None:
        """A batch: in one transaction if that works out, else each alone."""
        wanted = [message for message in messages if not await self._settled(message)]
        ready = [message for message in wanted if not self._queues.queue_behind(message)]
        if not ready:
            return
        try:
            await handle(self._database, self._consumer, ready)
        except Exception as error:
            if is_temporary(error):
                raise
            logger.info("consumer: one of %s events failed; each is handled alone: %r", len(ready), error)
            for message in ready:
                if not self._queues.queue_behind(message):
                    await self._alone(message)
        else:
            await self._acknowledgements.acknowledge(ready)

    async def _settled(self, message: Message) -> bool:
        """Whether there is nothing to handle: nobody wants it, or nobody can read it."""
        if message.problem is not None:
            await self._acknowledgements.move_to_dead_letters(message, message.problem, tries=0)
        elif message.subscription is None:
            await self._acknowledgements.acknowledge([message])
        else:
            return False
        return True

    async def _alone(self, message: Message) -> None:
        """One try; where it fails the message gets a queue."""
        if await self._settled(message):
            return
        tries = await self._try(message)
        if tries:
            self._queues.open(message, tries)

    async def _try(self, message: Message) -> int:
        """0 when it is done, successfully or not; else how often it was tried. Raises what `passes`."""
        tries = await self._acknowledgements.count_try(message)
        if tries > MAX_TRIES:
            await self._acknowledgements.move_to_dead_letters(
                message, "the worker died while handling it", tries=tries - 1
            )
            return 0
        try:
            await handle(self._database, self._consumer, [message])
        except Exception as error:
            if is_temporary(error):
                await self._acknowledgements.uncount_try(message)
                raise
            logger.warning(
                "event %s %s failed, attempt %s", message.type, message.identity, tries, exc_info=error
            )
            if tries < MAX_TRIES:
                return tries
            await self._acknowledgements.move_to_dead_letters(
                message, f"{type(error).__name__}: {error}", tries=tries
            )
            return 0
        await self._acknowledgements.acknowledge([message])
        return 0
