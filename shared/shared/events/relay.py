"""Carries a service's events from its outbox to its stream, in the order in which they were saved."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from redis.asyncio import Redis

from shared.events.abandoned import ABANDONED_SECONDS, AbandonedGroups
from shared.events.backpressure import StreamCapacity
from shared.events.consumer_groups import create_group, trim_stream
from shared.events.event import MAX_LENGTH, relay_mark_of, stream_of, to_fields
from shared.events.leader_election import leader
from shared.events.metrics import published_of
from shared.events.outbox import CHANNEL
from shared.outages import OUTAGES
from shared.redis_clients import with_timeout
from shared.tasks import wait_at_most

if TYPE_CHECKING:
    import asyncpg

logger = logging.getLogger(__name__)

BATCH: Final = 500
BUSY_POLL_SECONDS: Final = 0.01
BUSY_FOR_SECONDS: Final = 0.5
"""After an event more are looked for so often and so long; a NOTIFY wakes a relay that rests."""
POLL_SECONDS: Final = 0.5
MAX_PAUSE_SECONDS: Final = 10.0
"""Between the tries of an outage that lasts. A database that only takes no writes would have each of them send the same
events once more, since they cannot be marked as sent."""
UPKEEP_SECONDS: Final = 10.0
KEPT: Final = timedelta(days=7)
"""How long the outbox keeps what was published, so that a lost Redis can be filled again."""
RESENT: Final = timedelta(days=1)
"""How much is sent again when Redis has lost everything; more by hand, see docs/runbooks/dead-letters.md."""

_PENDING = (
    "SELECT id, event_id, type, version, key, trace, data, occurred_at, clock_timestamp() AS now"
    " FROM outbox WHERE published_at IS NULL ORDER BY id LIMIT $1"
)
_MARK = "UPDATE outbox SET published_at = $1 WHERE id = ANY($2::bigint[])"
_PURGE = "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE published_at < now() - $1::interval LIMIT 20000)"
_RESEND = "UPDATE outbox SET published_at = NULL WHERE published_at > $1"


class Relay:
    """The relay of one service. Delivery is at least once: after a crash between sending and marking, events are sent
    again.

    `readers`: the services that read its events. It creates their groups, so that the stream keeps everything for a
    reader that has never run yet, or whose group was lost with Redis while it was stopped. `abandoned_seconds`: a group
    that no worker has used for longer, and that blocks the stream, is logged as an error.
    """

    def __init__(
        self,
        service: str,
        database_url: str,
        redis: Redis,
        *,
        readers: Sequence[str] = (),
        abandoned_seconds: float = ABANDONED_SECONDS,
    ) -> None:
        self._service = service
        self._url = database_url
        self._redis = with_timeout(redis, seconds=5)
        self._readers = readers
        self._stream, self._mark = stream_of(service), relay_mark_of(service)
        self._room = StreamCapacity(self._redis, self._stream, limit=MAX_LENGTH)
        self._abandoned = AbandonedGroups(self._redis, self._stream, limit=abandoned_seconds)
        self._wake = asyncio.Event()
        self._last: datetime | None = None
        self._busy_until = 0.0
        self._pause = POLL_SECONDS / 2
        self._upkeep_at = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Relay until `stop`; comes back by itself when PostgreSQL or Redis were away."""
        stopping = asyncio.create_task(stop.wait())
        stopping.add_done_callback(lambda _: self._wake.set())
        try:
            while not stop.is_set():
                try:
                    await self._lead(stop)
                except OUTAGES as error:
                    logger.warning("relay: waits for PostgreSQL or Redis: %r", error)
                    self._pause = min(2 * self._pause, MAX_PAUSE_SECONDS)
                    await wait_at_most(stop, self._pause)
        finally:
            stopping.cancel()
            await self._redis.aclose()

    async def _lead(self, stop: asyncio.Event) -> None:
        async with leader(self._url, f"{self._service} relay", stop) as connection:
            if connection is None:
                return
            await connection.add_listener(CHANNEL, lambda *_: self._wake.set())
            self._last = await connection.fetchval("SELECT max(published_at) FROM outbox")
            self._upkeep_at = 0.0
            try:
                await self._relay(connection, stop)
            finally:
                self._room.reset()  # else this process would go on saying that it is full, while another relays

    async def _relay(self, connection: asyncpg.Connection, stop: asyncio.Event) -> None:
        while not stop.is_set():
            if monotonic() >= self._upkeep_at:
                await self._upkeep(connection)
            self._wake.clear()
            sent = await self.publish_batch(connection)
            if self._room.is_full:
                await wait_at_most(stop, self._room.pause())
            elif sent < BATCH:
                await self._rest()

    async def _rest(self) -> None:
        await wait_at_most(self._wake, BUSY_POLL_SECONDS if monotonic() < self._busy_until else POLL_SECONDS)

    async def publish_batch(self, connection: asyncpg.Connection) -> int:
        """Send what waits, oldest first, as far as the stream has room; how many."""
        rows = await connection.fetch(_PENDING, BATCH)
        if not rows:
            self._pause = POLL_SECONDS / 2
        else:
            rows = rows[: await self._room.measure(len(rows), more=len(rows) == BATCH)]
        if not rows:
            return 0
        self._busy_until = monotonic() + BUSY_FOR_SECONDS
        moment: datetime = rows[0]["now"]
        if self._last is not None:  # a clock that was set back must not make the mark look older
            moment = max(moment, self._last + timedelta(microseconds=1))
        before = await self._send(rows, moment)
        await connection.execute(_MARK, moment, [row["id"] for row in rows])
        for row in rows:
            published_of(row["type"]).inc()
        known, self._last, self._pause = self._last, moment, POLL_SECONDS / 2
        await self._make_up(connection, before, known)
        return len(rows)

    async def _send(self, rows: Sequence[Any], moment: datetime) -> bytes | None:
        """All of them or none, and the mark with them; the mark that stood there before."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.set(self._mark, moment.isoformat(), get=True)
            for row in rows:
                fields: Any = to_fields(row, source=self._service)
                pipe.xadd(self._stream, fields)
            before: bytes | None = (await pipe.execute())[0]
            return before

    async def _upkeep(self, connection: asyncpg.Connection) -> None:
        self._upkeep_at = monotonic() + UPKEEP_SECONDS
        for reader in self._readers:
            await create_group(self._redis, self._stream, reader)
        await self._make_up(connection, await self._redis.get(self._mark), self._last)
        await trim_stream(self._redis, self._stream)
        await self._abandoned.report()
        await connection.execute(_PURGE, KEPT)

    async def _make_up(
        self, connection: asyncpg.Connection, mark: bytes | str | None, known: datetime | None
    ) -> None:
        """Send again what Redis has lost: its mark is older than the last one that we know to have set."""
        found = datetime.fromisoformat(_text(mark)) if mark else None
        if known is None or (found is not None and found >= known):
            return
        since = found or known - RESENT
        status = await connection.execute(_RESEND, since)
        logger.warning(
            "relay: Redis lost events; those published after %s are sent again (%s)", since, status
        )
        self._last = None  # all that was published later will be again, with later marks
        await self._redis.set(self._mark, since.isoformat())


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
