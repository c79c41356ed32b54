"""How far behind a service's events are, as its worker tells Prometheus."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Final

from prometheus_client import Counter, Gauge
from redis.asyncio import Redis
from sqlalchemy import text

from shared.events.consumer_groups import group_states
from shared.events.event import dead_letters_of, stream_of
from shared.labelled import Labelled
from shared.outages import OUTAGES, is_temporary_or_slow
from shared.tasks import wait_at_most

if TYPE_CHECKING:
    from shared.db.database import Database
    from shared.events.consumer import Consumer

logger = logging.getLogger(__name__)
MEASURE_SECONDS: Final = 5.0

outbox_pending = Gauge(
    "outbox_pending", "Events saved and not yet published to Redis; counted up to 100,000."
)
outbox_oldest = Gauge("outbox_oldest_seconds", "How long the oldest unpublished event has waited.")
stream_lag = Gauge("events_lag", "Events published that this service has not read yet.", ["source"])
stream_unfinished = Gauge("events_unfinished", "Events read and not acknowledged.", ["source"])
stream_full = Gauge(
    "events_stream_full", "1 while the relay waits for a consumer group because its stream is full."
)
stream_length = Gauge("events_stream_length", "Events of this service that Redis keeps.")
group_unread = Gauge(
    "events_group_unread", "Events of this service that the group has not read yet.", ["group"]
)
group_oldest = Gauge(
    "events_group_oldest_seconds",
    "Age of the oldest event that the group has not finished.",
    ["group"],
)
group_idle = Gauge(
    "events_group_idle_seconds",
    "Since a worker of the group last ran, whether events wait or not.",
    ["stream", "group"],
)
group_abandoned = Gauge(
    "events_group_abandoned",
    "1 where events wait for a group that no worker has used for ABANDONED_GROUP_SECONDS.",
    ["stream", "group"],
)
MAX_GROUPS: Final = 32
"""Anybody who can reach Redis can make groups; of more than these, only those furthest behind are reported."""
dead_letters = Gauge("events_dead_letters", "Events that this service could not handle.")
published_total = Counter("events_published", "Events brought to Redis, also those sent again.", ["type"])
handled_total = Counter(
    "events_handled",
    "Events of others that are done with: handled, duplicate or dead.",
    ["source", "outcome"],
)
published_of = Labelled(published_total)
handled_of = Labelled(handled_total)

_BACKLOG = text(
    "SELECT count(*) AS pending, coalesce(extract(epoch FROM clock_timestamp() - min(occurred_at)), 0)::float AS oldest"
    " FROM (SELECT occurred_at FROM outbox WHERE published_at IS NULL ORDER BY id LIMIT 100000) AS waiting"
)


Measure = Callable[[], Awaitable[None]]


async def watch(measures: Sequence[Measure], stop: asyncio.Event) -> None:
    """Measure every few seconds until `stop`. What cannot be measured keeps its last value, and harms nothing else."""
    while not stop.is_set():
        for measure in measures:
            try:
                await measure()
            except Exception as error:
                if not isinstance(error, OUTAGES) and not is_temporary_or_slow(error):
                    logger.exception("metrics: %r could not be measured", measure)
        await wait_at_most(stop, MEASURE_SECONDS)


async def measure_outbox(database: Database) -> None:
    """What the relay has before it."""
    async with database.read(fresh=True) as connection:
        row = (await connection.execute(_BACKLOG)).one()
    outbox_pending.set(row.pending)
    outbox_oldest.set(row.oldest)


async def measure_stream(redis: Redis, service: str, *, abandoned_seconds: float) -> None:
    """How far those who read the service's events have come."""
    stream = stream_of(service)
    states = await group_states(redis, stream)
    for gauge in (group_unread, group_oldest, group_idle, group_abandoned):
        gauge.clear()  # a group may have been dropped
    for state in states[:MAX_GROUPS]:
        group_unread.labels(state.name).set(state.unread)
        group_oldest.labels(state.name).set(state.oldest_seconds)
        group_idle.labels(stream, state.name).set(state.unused_seconds)
        group_abandoned.labels(stream, state.name).set(state.is_abandoned(abandoned_seconds))
    stream_length.set(await redis.xlen(stream))


async def measure_consumer(redis: Redis, consumer: Consumer) -> None:
    """What the consumer has before it, and what it gave up."""
    for source in consumer.sources:
        for state in await group_states(redis, stream_of(source)):
            if state.name == consumer.service:
                stream_lag.labels(source).set(state.unread)
                stream_unfinished.labels(source).set(state.unfinished)
    dead_letters.set(await redis.xlen(dead_letters_of(consumer.service)))
