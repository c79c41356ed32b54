"""What people do with events by hand: look at dead letters, have them handled again, send old events again."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from redis.asyncio import Redis
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from shared.events.consumer_groups import group_states
from shared.events.event import dead_letters_of, replays_of, stream_of
from shared.events.tables import OutboxMixin, table_of

_ADDED = {"reason", "stream", "tries", "failed_at"}
"""Fields that dying adds to an event."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that a service gave up on. `id` is the letter's; the event's own is in `fields`."""

    id: str
    reason: str
    tries: int
    failed_at: str
    fields: dict[str, Any]


async def dead_letters(redis: Redis, service: str, *, limit: int = 100) -> list[DeadLetter]:
    """The latest first."""
    client: Any = redis
    found = await client.xrevrange(dead_letters_of(service), count=limit)
    return [_letter(identity, fields) for identity, fields in found]


async def replay(redis: Redis, service: str, ids: Sequence[str] | None = None) -> list[str]:
    """Has dead letters handled again, by this service alone; all of them where no `ids` are given. Which ones."""
    client: Any = redis
    chosen = (
        ids
        if ids is not None
        else [_text(identity) for identity, _ in await client.xrange(dead_letters_of(service))]
    )
    replayed = []
    for identity in chosen:
        found = await client.xrange(dead_letters_of(service), min=identity, max=identity)
        if not found:
            continue
        fields = {name: value for name, value in found[0][1].items() if _text(name) not in _ADDED}
        async with client.pipeline(transaction=True) as pipe:
            pipe.xadd(replays_of(service), fields)
            pipe.xdel(dead_letters_of(service), identity)
            await pipe.execute()
        replayed.append(identity)
    return replayed


async def discard(redis: Redis, service: str, ids: Sequence[str]) -> int:
    """Removes dead letters for good; how many."""
    return int(await redis.xdel(dead_letters_of(service), *ids)) if ids else 0


async def republish(session: AsyncSession, outbox: type[OutboxMixin], *, since: datetime) -> int:
    """Has the relay send again what it published since then; how many. Readers that have handled them skip them."""
    table = table_of(outbox)
    statement = update(table).where(table.c.published_at >= since).values(published_at=None)
    return len((await session.execute(statement.returning(table.c.id))).all())


async def lag(redis: Redis, service: str, sources: Sequence[str]) -> dict[str, tuple[int, int]]:
    """By source: events not yet read, and those read and unfinished."""
    return {
        source: (state.unread, state.unfinished)
        for source in sources
        for state in await group_states(redis, stream_of(source))
        if state.name == service
    }


def _letter(identity: Any, fields: Any) -> DeadLetter:
    texts = {_text(name): _text(value) for name, value in fields.items()}
    event: dict[str, Any] = {name: value for name, value in texts.items() if name not in _ADDED}
    with suppress(orjson.JSONDecodeError):  # broken data may be the very reason; then it is shown as it is
        event["data"] = orjson.loads(event.get("data", "null"))
    return DeadLetter(
        _text(identity),
        texts.get("reason", ""),
        int(texts.get("tries", 0)),
        texts.get("failed_at", ""),
        event,
    )


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
