"""What a real PostgreSQL refuses, as clients see it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.db.database import Database
from shared.db.failures import is_temporary
from shared.db.transactions import driver
from shared.web.failures import answer_to
from testing import eventually
from testing.outages import full, read_only, starting

INSERT = text("INSERT INTO things (name) VALUES (gen_random_uuid())")


@pytest.fixture
def migrations() -> Path:
    return Path(__file__).parent.parent / "sample_migrations"


@pytest.fixture
def database_name() -> str:
    return "sample"


async def answer_of(work: Callable[[], Awaitable[Any]]) -> int:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - whichever it is, its answer counts
        await work()
    answer = answer_to(caught.value)
    assert ("retry-after" in answer.headers) is (answer.status_code == 503)
    return answer.status_code


@pytest.mark.parametrize(
    ("statement", "parameters", "status"),
    [
        ("SELECT pg_sleep(1)", {}, 503),
        ("SELECT CAST(:n AS integer)", {"n": 2**40}, 422),
        ("SELECT CAST(:n AS bigint)", {"n": 2**70}, 422),
        ("SELECT 1000000 * 1000000", {}, 422),
        ("SELECT CAST(:t AS text)", {"t": "a\x00b"}, 422),
        ("SELECT CAST(:t AS text)", {"t": "\ud800"}, 422),
        ("SELECT date '9999999-01-01'", {}, 422),
        ("SELECT CAST('x' AS varchar(1)) || CAST(CAST(:t AS text) AS integer)", {"t": "x"}, 422),
        ("SELECT 1 / 0", {}, 500),
        ("SELECT nothing FROM nowhere", {}, 500),
        ("INSERT INTO things (name) VALUES ('a'), ('a')", {}, 500),
    ],
)
async def test_a_refused_statement(
    committed_db: Database, statement: str, parameters: dict[str, Any], status: int
) -> None:
    async def work() -> None:
        async with committed_db.session() as session:
            await session.execute(text("SET LOCAL statement_timeout = 100"))
            await session.execute(text(statement), parameters)

    assert await answer_of(work) == status


@pytest.mark.parametrize(
    ("statement", "parameters", "status"),
    [
        ("SELECT pg_sleep(1)", (), 503),
        ("SELECT $1::integer", (2**40,), 422),
        ("SELECT 1000000 * 1000000", (), 422),
        ("SELECT $1::text", ("a\x00b",), 422),
        ("SELECT 1 / 0", (), 500),
        ("SELECT nothing FROM nowhere", (), 500),
        ("SELECT pg_terminate_backend(pg_backend_pid())", (), 503),
    ],
)
async def test_a_statement_that_the_bare_driver_refuses(
    committed_db: Database, statement: str, parameters: tuple[Any, ...], status: int
) -> None:
    async def work() -> None:
        async with committed_db.session() as session:
            connection = await driver(session)
            await connection.execute("SET LOCAL statement_timeout = 100")
            await connection.fetch(statement, *parameters)

    assert await answer_of(work) == status


async def test_a_lock_that_is_not_got_in_time(committed_db: Database) -> None:
    async def work() -> None:
        async with committed_db.session() as session:
            await session.execute(text("SET LOCAL lock_timeout = 50"))
            await session.execute(text("LOCK TABLE things"))

    async with committed_db.session() as holder:
        await holder.execute(text("LOCK TABLE things"))
        assert await answer_of(work) == 503


async def test_a_pool_without_a_free_connection(committed_db: Database) -> None:
    database = Database(committed_db.url, pool_size=1, pool_timeout=0.05)

    async def work() -> None:
        async with database.session() as session:
            await session.execute(text("SELECT 1"))

    async with database.session() as holder:
        await holder.execute(text("SELECT 1"))
        assert await answer_of(work) == 503
    await database.close()


async def test_a_connection_that_the_server_ends(committed_db: Database) -> None:
    async def work() -> None:
        async with committed_db.session() as session:
            pid = await session.scalar(text("SELECT pg_backend_pid()"))
            async with committed_db.session() as other:
                await other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            await asyncio.sleep(0)
            await session.execute(text("SELECT 1"))

    assert await answer_of(work) == 503


async def test_no_server_at_all(unused_tcp_port: int) -> None:
    database = Database(f"postgresql://nobody:x@127.0.0.1:{unused_tcp_port}/none")
    assert await answer_of(database.ping) == 503
    await database.close()


async def read(database: Database) -> None:
    async with database.read() as connection:
        await connection.execute(text("SELECT 1"))


async def read_raw(database: Database) -> None:
    async with database.read_raw() as connection:
        await connection.fetch("SELECT 1")


async def fetch(database: Database) -> None:
    await database.fetch("SELECT 1")


async def write(database: Database) -> None:
    async with database.session() as session:
        await session.execute(INSERT)


async def write_by_the_bare_driver(database: Database) -> None:
    async with database.session() as session:
        await (await driver(session)).execute(str(INSERT))


WRITES = (write, write_by_the_bare_driver)
Work = Callable[[Database], Awaitable[None]]


@pytest.mark.parametrize("work", [read, read_raw, fetch, Database.ping, *WRITES])
@pytest.mark.parametrize("replica", [False, True])
async def test_a_server_that_is_starting_up(work: Work, replica: bool) -> None:
    async with starting() as url:
        database = Database(url, replica_url=url if replica else None)
        if database.replica:
            database.replica._trusted_until = float("inf")
        assert await answer_of(lambda: work(database)) == 503
        await database.close()


@pytest.mark.parametrize("work", WRITES)
async def test_a_database_that_became_read_only(committed_db: Database, work: Work) -> None:
    async with read_only(committed_db.url):
        assert await answer_of(lambda: work(committed_db)) == 503
    await eventually(lambda: works(work, committed_db))


async def works(work: Work, database: Database) -> bool:
    """Not yet where the pool has a connection that was ended."""
    try:
        await work(database)
    except DBAPIError as error:
        return not is_temporary(error)
    return True


@pytest.mark.parametrize("work", WRITES)
async def test_a_disk_that_is_full(committed_db: Database, work: Work) -> None:
    async with full(committed_db.url, "things"):
        assert await answer_of(lambda: work(committed_db)) == 503
    await work(committed_db)
