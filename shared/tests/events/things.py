"""A service in small: its tables, its event, and handlers that write down that they were called."""

from __future__ import annotations

from typing import Any, ClassVar

from redis.asyncio import Redis
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped

from shared.db.base import TYPES, BigId, metadata
from shared.db.database import Database
from shared.events.consumer import Consumer
from shared.events.event import Envelope, Event, Fields
from shared.events.outbox import publish
from shared.events.tables import InboxMixin, OutboxMixin


class Base(DeclarativeBase):
    metadata = metadata()
    type_annotation_map = TYPES


class Outbox(OutboxMixin, Base):
    pass


class Inbox(InboxMixin, Base):
    pass


class Effect(Base):
    __tablename__ = "effects"

    id: Mapped[BigId]
    thing: Mapped[int]
    note: Mapped[str]


class Happened(Event):
    type: ClassVar[str] = "thing.happened"

    thing: int
    note: str = ""
    extra: int = 0


class HappenedAsRead(Event):
    """What the consumer reads of it."""

    type: ClassVar[str] = "thing.happened"

    thing: int
    note: str


def new_consumer() -> Consumer:
    return Consumer("listener", inbox=Inbox)


def writing_consumer() -> Consumer:
    """Its handler adds a row."""
    consumer = new_consumer()

    @consumer.on(HappenedAsRead, source="teller")
    async def write(session: AsyncSession, event: HappenedAsRead, _: Envelope) -> None:
        await session.execute(insert(Effect).values(thing=event.thing, note=event.note))

    return consumer


async def tell(database: Database, *events: tuple[int, str]) -> None:
    """Publish one event after another, each in its own transaction; the thing is the key."""
    for thing, note in events:
        async with database.session() as session:
            await publish(session, Outbox, Happened(thing=thing, note=note), key=str(thing))


async def entries(redis: Redis, stream: str) -> list[tuple[bytes, Fields]]:
    """What is in a stream. redis-py's type also allows for what this client never gets: text, and nothing."""
    found: Any = await redis.xrange(stream)
    return list(found)


async def effects(database: Database) -> list[tuple[int, str]]:
    async with database.read() as connection:
        rows = await connection.execute(select(Effect.thing, Effect.note).order_by(Effect.id))
        return [(row.thing, row.note) for row in rows]
