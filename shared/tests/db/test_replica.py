"""shared.db.replica, with a real primary and a real replica that is stopped, paused and brought back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text

from shared.db import replica as replica_module
from shared.db.database import Database
from shared.observability.metrics import observed
from testing import eventually
from testing.local_servers.process import free_port
from testing.polling import always
from testing.servers import Pair, replicated

if TYPE_CHECKING:
    from shared.cache import Cache


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with replicated(tmp_path_factory.mktemp("pair")) as both:
        yield both


@pytest.fixture
async def database(pair: Pair) -> AsyncIterator[Database]:
    database = Database(pair.primary.url(), replica_url=pair.replica.url())
    await eventually(lambda: reads_from_replica(database), within=10)
    yield database
    await database.close()


async def reads_from_replica(database: Database) -> bool:
    async with database.read() as connection:
        return bool((await connection.execute(text("SELECT pg_is_in_recovery()"))).scalar())


async def reads_from_primary(database: Database) -> bool:
    return not await reads_from_replica(database)


async def lag_of(database: Database) -> float:
    """As of the last check, which a read has begun."""
    assert database.replica is not None
    return database.replica.lag


async def test_fresh_reads_and_writes_go_to_the_primary(database: Database) -> None:
    recovering = text("SELECT pg_is_in_recovery()")
    async with database.read(fresh=True) as connection:
        assert (await connection.execute(recovering)).scalar() is False
    async with database.session() as session:
        assert (await session.execute(recovering)).scalar() is False
    assert await reads_from_replica(database)


async def test_a_replica_that_lags_is_skipped_until_it_caught_up(pair: Pair, database: Database) -> None:
    other = Database(pair.replica.url())
    async with other.read() as replica:
        await replica.execute(text("SELECT pg_wal_replay_pause()"))
        async with database.session() as session:
            await session.execute(text("CREATE TABLE IF NOT EXISTS lag (n int)"))
        await eventually(lambda: reads_from_primary(database), within=10)
        await eventually(lambda: lag_of(database), until=lambda lag: lag >= 1)
        await replica.execute(text("SELECT pg_wal_replay_resume()"))
        await eventually(lambda: reads_from_replica(database), within=10)
        assert await lag_of(database) < 1
    await other.close()


async def test_scrapes_alone_see_that_a_replica_is_well_that_it_lags_and_that_it_caught_up(
    pair: Pair, database: Database
) -> None:
    """At night nobody reads: then it must neither seem unusable nor lag unseen."""
    async with observed(database, cast("Cache", SimpleNamespace(stats=dict))):
        await eventually(scraped, until=lambda found: found[0] == 1 and found[1] < 1)
        await always(is_usable, during=replica_module.TRUSTED_SECONDS + 0.5, every=0.7)
        other = Database(pair.replica.url())
        async with other.read() as replica:
            await replica.execute(text("SELECT pg_wal_replay_pause()"))
            async with database.session() as session:
                await session.execute(text("CREATE TABLE IF NOT EXISTS idle_lag (n int)"))
            await eventually(scraped, within=10, until=lambda found: found[0] == 0 and found[1] >= 1)
            await replica.execute(text("SELECT pg_wal_replay_resume()"))
            await eventually(scraped, within=10, until=lambda found: found[0] == 1 and found[1] < 1)
        await other.close()


async def scraped() -> tuple[float | None, float]:
    """What Prometheus is told: whether it is usable, and its lag."""
    values = [REGISTRY.get_sample_value(f"db_replica_{name}") for name in ("usable", "lag_seconds")]
    return values[0], values[1] or 0.0


async def is_usable() -> bool:
    return (await scraped())[0] == 1


async def test_no_read_fails_while_the_replica_goes_and_comes_back(pair: Pair, database: Database) -> None:
    stop, reads = asyncio.Event(), 0

    async def keep_reading() -> None:
        nonlocal reads
        while not stop.is_set():
            async with database.read() as connection:
                await connection.execute(text("SELECT pg_sleep(0.005)"))
                reads += 1

    readers = [asyncio.create_task(keep_reading()) for _ in range(8)]
    await asyncio.to_thread(pair.stop_replica)
    await eventually(lambda: reads_from_primary(database))
    await asyncio.to_thread(pair.start_replica)
    await eventually(lambda: reads_from_replica(database), within=10)
    stop.set()
    await asyncio.gather(*readers)
    assert reads > 20


async def test_a_statement_under_way_when_the_replica_stops_is_run_on_the_primary(
    pair: Pair, database: Database
) -> None:
    async with database.read() as connection:
        statement = asyncio.create_task(
            connection.scalar(text("SELECT pg_is_in_recovery() FROM pg_sleep(0.5)"))
        )
        await asyncio.wait({statement}, timeout=0.1)
        await asyncio.to_thread(pair.stop_replica)
        assert await statement is False
    await asyncio.to_thread(pair.start_replica)


async def test_a_replica_that_never_was_costs_no_request(pair: Pair) -> None:
    database = Database(pair.primary.url(), replica_url=f"postgresql://nobody@127.0.0.1:{free_port()}/none")
    assert all(await asyncio.gather(*(reads_from_primary(database) for _ in range(20))))
    await database.close()
