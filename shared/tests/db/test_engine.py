"""Connections that a lost host cannot hold, and the pool that counts who waits."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import pytest
import uvloop
from prometheus_client import REGISTRY
from sqlalchemy import text

from shared.db.database import Database
from shared.db.engine import TCP_OPTIONS, build_engine
from shared.db.pool import pool_stats
from testing.polling import eventually

COUNT = "db_pool_wait_seconds_count"
PRIMARY = {"pool": "primary"}


async def options_of_a_connection(url: str) -> dict[str, int]:
    engine = build_engine(url, pool_size=1, max_overflow=0, application_name="test")
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
        raw = await connection.get_raw_connection()
        transport = raw.driver_connection._transport  # type: ignore[union-attr]
        with socket.fromfd(
            transport.get_extra_info("socket").fileno(), socket.AF_INET, socket.SOCK_STREAM
        ) as connected:
            found = {
                name: connected.getsockopt(level, getattr(socket, name))
                for name, (level, _) in TCP_OPTIONS.items()
            }
    await engine.dispose()
    return found


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_the_kernel_gives_up_a_connection_whose_other_side_is_gone(
    postgres_url: str, loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    with asyncio.Runner(loop_factory=loop) as runner:
        found = runner.run(options_of_a_connection(postgres_url))
    assert found == {name: value for name, (_, value) in TCP_OPTIONS.items()}


async def test_the_pool_counts_who_works_and_who_had_to_wait(committed_db: Database) -> None:
    database = Database(committed_db.url, pool_size=1, max_overflow=1)
    free = asyncio.Event()

    async def hold() -> None:
        async with database.session() as session:
            await session.execute(text("SELECT 1"))
            await free.wait()

    async def in_use() -> int:
        return pool_stats(database.primary).in_use

    assert pool_stats(database.primary) == (2, 0, 0, 0)
    waited = REGISTRY.get_sample_value(COUNT, PRIMARY) or 0
    tasks = [asyncio.create_task(hold()) for _ in range(2)]
    await eventually(in_use, until=lambda count: count == 2)
    assert pool_stats(database.primary) == (2, 2, 2, 0)
    third = asyncio.create_task(database.ping())

    async def waits() -> int:
        return pool_stats(database.primary).waiting

    await eventually(waits, until=lambda count: count == 1)
    free.set()
    await asyncio.gather(*tasks, third)
    assert pool_stats(database.primary) == (2, 1, 0, 0)
    assert REGISTRY.get_sample_value(COUNT, PRIMARY) == waited + 1
    await database.close()
    assert pool_stats(database.primary) == (2, 0, 0, 0)
