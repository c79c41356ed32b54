"""testing.rollback: the fixture `db`."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from shared.db.transactions import after_commit
from testing.databases import record_queries
from testing.rollback import TestDatabase

INSERT = text("INSERT INTO things (name) VALUES (:name)")


async def count(db: TestDatabase) -> int:
    async with db.read() as connection:
        return int((await connection.execute(text("SELECT count(*) FROM things"))).scalar_one())


@pytest.mark.parametrize("turn", [1, 2])
async def test_what_a_test_writes_is_gone_in_the_next_one(db: TestDatabase, turn: int) -> None:
    assert await count(db) == 0
    async with db.session() as session:
        await session.execute(INSERT, {"name": f"turn {turn}"})
    assert await count(db) == 1


async def test_a_failed_session_undoes_itself_alone(db: TestDatabase) -> None:
    async with db.session() as session:
        await session.execute(INSERT, {"name": "kept"})

    async def write_twice() -> None:
        async with db.session() as session:
            await session.execute(INSERT, {"name": "lost"})
            await session.execute(INSERT, {"name": "kept"})

    with pytest.raises(IntegrityError):
        await write_twice()
    assert await count(db) == 1


async def test_a_failed_read_harms_nothing(db: TestDatabase) -> None:
    async with db.read() as connection:
        with pytest.raises(DBAPIError):
            await connection.execute(text("SELECT 1 / 0"))
    assert await count(db) == 0


async def test_callbacks_run_after_a_sessions_end(db: TestDatabase) -> None:
    seen: list[int] = []

    async def look() -> None:
        seen.append(await count(db))

    async with db.session() as session:
        after_commit(session, look)
        await session.execute(INSERT, {"name": "kept"})
    assert seen == [1]


async def test_raw_reads_see_what_the_test_wrote(db: TestDatabase) -> None:
    async with db.session() as session:
        await session.execute(INSERT, {"name": "kept"})
    async with db.read_raw() as connection:
        assert await connection.fetchval("SELECT count(*) FROM things") == 1
    assert (await db.fetch("SELECT count(*) FROM things"))[0][0] == 1


async def test_the_recorder_counts_statements_and_no_savepoints(db: TestDatabase) -> None:
    with record_queries() as queries:
        async with db.session() as session:
            await session.execute(INSERT, {"name": "one"})
        await count(db)
    assert len(queries) == 2
    await count(db)
    assert len(queries) == 2
