"""Saving an event in the transaction that changes what it announces."""

from functools import cache
from time import monotonic

from sqlalchemy import Insert, Table, bindparam, func, insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.events.event import Event, new_id
from shared.events.tables import OutboxMixin, table_of
from shared.observability import context

CHANNEL = "outbox"
"""PostgreSQL's NOTIFY on it wakes the relay."""
WAKE_SECONDS = 0.02
"""Transactions with a NOTIFY commit one after another in the whole server, so a busy process sends few of them: the
relay that was woken keeps looking by itself for longer than this."""

_woken: dict[str, float] = {}


async def publish(session: AsyncSession, outbox: type[OutboxMixin], event: Event, *, key: str) -> None:
    """Save `event`: it will be delivered if and when the session commits.

    `key` names what the event is about (at most 255 characters). Events of one key arrive in their order where their
    writers hold a lock on that thing, as an UPDATE of its row takes, before they publish.
    """
    row = {
        "event_id": new_id(),
        "type": event.type,
        "version": event.schema_version,
        "key": key,
        "trace": context.traceparent(),
        "data": event.model_dump(mode="json"),
    }
    connection = await session.connection()
    await connection.execute(_statement(table_of(outbox), wake=_should_wake(outbox)), row)


@cache
def _statement(table: Table, *, wake: bool) -> Insert:
    """Built once: building it for each event costs several times what running it does."""
    names = ("event_id", "type", "version", "key", "trace", "data")
    statement = insert(table).values({name: bindparam(name) for name in names})
    return statement.returning(func.pg_notify(CHANNEL, "")) if wake else statement


def _should_wake(outbox: type[OutboxMixin]) -> bool:
    now = monotonic()
    name = outbox.__module__
    if now - _woken.get(name, 0.0) < WAKE_SECONDS:
        return False
    _woken[name] = now
    return True
