"""shared.db.database and shared.db.transactions."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from asyncpg.connection import LoggedQuery
from sqlalchemy import QueuePool, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from shared.db.database import Database
from shared.db.transactions import after_commit
from testing import eventually

INSERT = text("INSERT INTO things (name) VALUES (:name)")


def taken(database: Database) -> int:
    """How many of its connections are in use."""
    pool = database.primary.pool
    assert isinstance(pool, QueuePool)
    return pool.checkedout()


async def names(database: Database) -> list[str]:
    async with database.read(fresh=True) as connection:
        return list((await connection.execute(text("SELECT name FROM things ORDER BY id"))).scalars())


async def test_a_session_is_committed_at_its_end(committed_db: Database) -> None:
    async with committed_db.session() as session:
        await session.execute(INSERT, {"name": "kept"})
        assert await names(committed_db) == []
    assert await names(committed_db) == ["kept"]


async def test_an_error_rolls_the_session_back_and_its_callbacks_do_not_run(committed_db: Database) -> None:
    ran = []

    async def callback() -> None:
        ran.append(1)

    async def fail_after_writing() -> None:
        async with committed_db.session() as session:
            await session.execute(INSERT, {"name": "lost"})
            after_commit(session, callback)
            raise LookupError

    with pytest.raises(LookupError):
        await fail_after_writing()
    assert await names(committed_db) == []
    assert ran == []


async def test_callbacks_run_after_the_commit_and_one_that_fails_harms_nobody(committed_db: Database) -> None:
    seen: list[list[str]] = []

    async def look() -> None:
        seen.append(await names(committed_db))

    async def fail() -> None:
        raise LookupError("this callback is broken")

    async with committed_db.session() as session:
        await session.execute(INSERT, {"name": "kept"})
        after_commit(session, fail)
        after_commit(session, look)
    assert seen == [["kept"]]


async def test_a_failed_commit_is_raised_and_runs_no_callback(committed_db: Database) -> None:
    async with committed_db.session() as session:
        await session.execute(text("ALTER TABLE things DROP CONSTRAINT uq_things_name"))
        await session.execute(
            text(
                "ALTER TABLE things ADD CONSTRAINT uq_things_name UNIQUE (name) DEFERRABLE INITIALLY DEFERRED"
            )
        )
    ran = []

    async def callback() -> None:
        ran.append(1)

    async def write_twice() -> None:
        async with committed_db.session() as session:
            await session.execute(INSERT, {"name": "twice"})
            await session.execute(INSERT, {"name": "twice"})
            after_commit(session, callback)

    with pytest.raises(IntegrityError):
        await write_twice()
    assert ran == []


async def test_a_cancelled_request_does_not_part_the_commit_from_its_callbacks(
    committed_db: Database,
) -> None:
    committed, ran = asyncio.Event(), asyncio.Event()

    async def slow_callback() -> None:
        committed.set()
        await asyncio.sleep(0)
        ran.set()

    async def request() -> None:
        async with committed_db.session() as session:
            await session.execute(INSERT, {"name": "kept"})
            after_commit(session, slow_callback)

    task = asyncio.create_task(request())
    await committed.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(ran.wait(), 5)
    assert await names(committed_db) == ["kept"]


async def test_a_cancelled_statement_leaves_the_pool_usable(committed_db: Database) -> None:
    async def slow() -> None:
        async with committed_db.session() as session:
            await session.execute(text("SELECT pg_sleep(30)"))

    tasks = [asyncio.create_task(slow()) for _ in range(25)]
    await asyncio.wait(tasks, timeout=0.3)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await committed_db.ping()
    assert taken(committed_db) == 0


async def test_a_statement_that_takes_too_long_is_given_up(committed_db: Database) -> None:
    async with committed_db.read() as connection:
        limits = (await connection.execute(text("SHOW statement_timeout"))).scalar()
        assert limits == "5s"
        await connection.execute(text("SET statement_timeout = '50ms'"))
        with pytest.raises(DBAPIError, match="statement timeout"):
            await connection.execute(text("SELECT pg_sleep(5)"))
        await connection.execute(text("RESET statement_timeout"))


async def test_reads_send_nothing_besides_their_statement(committed_db: Database) -> None:
    sent: list[str] = []

    def listen(record: LoggedQuery) -> None:
        sent.append(record.query)

    async with committed_db.read_raw() as raw:
        raw.add_query_logger(listen)
    async with committed_db.read() as connection:
        await connection.execute(text("SELECT 1"))
    await committed_db.ping()
    async with committed_db.session() as session:
        await session.execute(text("SELECT 2"))
    words = [query.split()[0].rstrip(";") for query in sent]
    assert [word for word in words if word in ("BEGIN", "COMMIT", "ROLLBACK")] == ["BEGIN", "COMMIT"]


async def test_times_come_back_aware_and_in_utc(committed_db: Database) -> None:
    async with committed_db.read() as connection:
        now = (await connection.execute(text("SELECT now()"))).scalar_one()
        assert (await connection.execute(text("SHOW timezone"))).scalar() == "UTC"
    assert now.utcoffset() == timedelta(0)
    assert abs(now - datetime.now(UTC)) < timedelta(seconds=10)


async def test_connections_that_the_server_closed_are_replaced_before_use(committed_db: Database) -> None:
    await asyncio.gather(*(committed_db.ping() for _ in range(3)))
    others = "FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
    async with committed_db.read() as connection:
        await connection.execute(text(f"SELECT pg_terminate_backend(pid) {others}"))

        async def remaining() -> int:
            return int((await connection.execute(text(f"SELECT count(*) {others}"))).scalar_one())

        await eventually(remaining, until=lambda count: count == 0)
        await asyncio.gather(*(committed_db.ping() for _ in range(5)))


async def test_a_fetch_uses_the_same_pool_and_gives_back_what_it_took(committed_db: Database) -> None:
    answers = await asyncio.gather(*(committed_db.fetch("SELECT $1::int AS n", n) for n in range(50)))
    assert [[dict(row) for row in rows] for rows in answers] == [[{"n": n}] for n in range(50)]
    with pytest.raises(asyncpg.UndefinedTableError):
        await committed_db.fetch("SELECT * FROM nowhere")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(committed_db.fetch("SELECT pg_sleep(30)"), 0.1)
    assert taken(committed_db) == 0
    assert (await committed_db.fetch("SELECT 1"))[0][0] == 1


async def test_raw_reads_use_the_same_pool(committed_db: Database) -> None:
    async with committed_db.session() as session:
        await session.execute(text("INSERT INTO things (name, data) VALUES ('raw', '{\"a\": 1}')"))
    async with committed_db.read_raw() as connection:
        row = await connection.fetchrow("SELECT name, data FROM things WHERE name = $1", "raw")
        assert taken(committed_db) == 1
    assert row is not None
    assert dict(row) == {"name": "raw", "data": {"a": 1}}
    assert taken(committed_db) == 0
