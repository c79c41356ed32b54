from __future__ import annotations

import asyncio

from sqlalchemy import text

from shared.db.database import Database
from shared.db.engine import pool_stats
from testing.polling import eventually


async def test_the_pool_counts_who_works_and_who_had_to_wait(committed_db: Database) -> None:
    database = Database(committed_db.url, pool_size=1, max_overflow=1)
    free = asyncio.Event()

    async def hold() -> None:
        async with database.session() as session:
            await session.execute(text("SELECT 1"))
            await free.wait()

    async def in_use() -> int:
        return pool_stats(database.primary).in_use

    assert pool_stats(database.primary) == (2, 0, 0)
    tasks = [asyncio.create_task(hold()) for _ in range(2)]
    await eventually(in_use, until=lambda count: count == 2)
    assert pool_stats(database.primary).waits == 0
    third = asyncio.create_task(database.ping())

    async def waits() -> int:
        return pool_stats(database.primary).waits

    await eventually(waits, until=lambda count: count == 1)
    free.set()
    await asyncio.gather(*tasks, third)
    await database.close()
    assert pool_stats(database.primary) == (2, 0, 1)
