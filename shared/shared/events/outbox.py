"""Saving an event in the transaction that changes what it announces."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from time import monotonic

from sqlalchemy.ext.asyncio import AsyncSession

from shared.db.transactions import driver
from shared.events.event import Event, new_id
from shared.events.tables import OutboxMixin
from shared.observability import tracing
from shared.spans import Attributes

CHANNEL = "outbox"
"""PostgreSQL's NOTIFY on it wakes the relay."""
WAKE_SECONDS = 0.02
"""Transactions with a NOTIFY commit one after another in the whole server, so a busy process sends few of them: the
relay that was woken keeps looking by itself for longer than this."""

_woken: dict[str, float] = {}


async def publish(session: AsyncSession, outbox: type[OutboxMixin], event: Event, *, key: str) -> None:
    """Save `event`: it will be delivered if and when the session commits.

    `key` names what the event is about (at most 255 characters). Events with the same key arrive in their order if
    their writers lock that row, for example by an UPDATE, before they publish.
    """
    connection = await driver(session)
    with tracing.handing_on(f"publish {event.type}", {"messaging.system": "outbox"}) as traceparent:
        await connection.execute(
            _statement(outbox.__tablename__, wake=_should_wake(outbox)),
            new_id(),
            event.type,
            event.schema_version,
            key,
            traceparent,
            event.model_dump_json(),
        )


async def publish_many(
    session: AsyncSession, outbox: type[OutboxMixin], events: Sequence[tuple[str, Event]]
) -> None:
    """As `publish`, many in one statement, each with its key; saved in their order."""
    if not events:
        return
    connection = await driver(session)
    many: Attributes = {"messaging.system": "outbox", "messaging.batch.message_count": len(events)}
    with tracing.handing_on(f"publish {events[0][1].type}", many) as traceparent:
        await connection.execute(
            _many_statement(outbox.__tablename__),
            [new_id() for _ in events],
            [event.type for _, event in events],
            [event.schema_version for _, event in events],
            [key for key, _ in events],
            traceparent,
            [event.model_dump_json() for _, event in events],
        )
    if _should_wake(outbox):
        await connection.execute(f"NOTIFY {CHANNEL}")


@cache
def _many_statement(table: str) -> str:
    return (
        f"INSERT INTO {table} (event_id, type, version, key, trace, data)"  # noqa: S608
        " SELECT event_id, type, version, key, $5, data FROM unnest("
        "$1::uuid[], $2::text[], $3::smallint[], $4::text[], $6::jsonb[]"
        ") WITH ORDINALITY AS given(event_id, type, version, key, data, position) ORDER BY position"
    )


@cache
def _statement(table: str, *, wake: bool) -> str:
    told = f" RETURNING pg_notify('{CHANNEL}', '')" if wake else ""
    return f"INSERT INTO {table} (event_id, type, version, key, trace, data) VALUES ($1, $2, $3, $4, $5, $6){told}"  # noqa: S608


def _should_wake(outbox: type[OutboxMixin]) -> bool:
    now = monotonic()
    name = outbox.__module__
    if now - _woken.get(name, 0.0) < WAKE_SECONDS:
        return False
    _woken[name] = now
    return True
