"""One transaction: the inbox says what is new, the handlers act, the commit makes both true."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sqlalchemy.dialects.postgresql import insert

from shared.db.repeat import repeated
from shared.events.message import Message
from shared.events.tables import table_of
from shared.observability import context

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from shared.db.database import Database
    from shared.events.consumer import Consumer

HANDLER_SECONDS: Final = 8.0
"""Less than PostgreSQL's patience with a transaction in which nothing happens."""


class HandlerTooSlow(Exception):
    """A handler took longer than it may."""


async def handle(database: Database, consumer: Consumer, messages: Sequence[Message]) -> None:
    """Handle those that were not handled before. Raises what a handler raises, and then nothing has happened."""
    await repeated(lambda: _handle(database, consumer, messages))


async def _handle(database: Database, consumer: Consumer, messages: Sequence[Message]) -> None:
    inbox = table_of(consumer.inbox)
    async with database.session() as session:
        ids = [{"event_id": message.envelope.id} for message in messages if message.envelope]
        statement = insert(inbox).values(ids).on_conflict_do_nothing().returning(inbox.c.event_id)
        new = set((await session.scalars(statement)).all())
        for message in messages:
            if message.envelope and message.envelope.id in new:
                new.discard(message.envelope.id)  # the same event may stand in a batch twice
                await _call(session, message)


async def _call(session: AsyncSession, message: Message) -> None:
    if message.subscription is None or message.envelope is None:
        return
    token = context.current.set(context.start(traceparent=message.envelope.trace))
    # Not by asyncio.timeout alone: TimeoutError is an OSError, which would look like an outage.
    try:
        async with asyncio.timeout(HANDLER_SECONDS) as limit:
            await message.subscription.handler(session, message.event, message.envelope)
    except TimeoutError as error:
        if limit.expired():
            raise HandlerTooSlow(f"{message.type} took more than {HANDLER_SECONDS} s") from error
        raise
    finally:
        context.current.reset(token)
