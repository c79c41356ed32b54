"""A consumer's process that is killed in the middle of a handler: `victim.py DATABASE_URL REDIS_URL ALWAYS`.

It dies at the event whose note is "deadly": the first time, or each time where ALWAYS is 1.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from redis.asyncio import Redis
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession
from things import Effect, HappenedAsRead, new_consumer  # type: ignore[import-not-found]  # beside this script

from shared.db.database import Database
from shared.events.consumer import Consumer
from shared.events.delivery import Delivery
from shared.events.event import Envelope


async def main(database_url: str, redis_url: str, always: str) -> None:
    redis: Redis = Redis.from_url(redis_url)
    consumer: Consumer = new_consumer()

    @consumer.on(HappenedAsRead, source="teller")
    async def write(session: AsyncSession, event: HappenedAsRead, _: Envelope) -> None:
        await session.execute(insert(Effect).values(thing=event.thing, note=event.note))
        if event.note == "deadly" and (always == "1" or await redis.set("died", 1, nx=True)):
            os.kill(os.getpid(), signal.SIGKILL)

    await Delivery(consumer, Database(database_url), redis).run(asyncio.Event())


asyncio.run(main(*sys.argv[1:]))
