"""The bare driver works inside of the session's transaction, and nowhere else."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from shared.db.database import Database
from shared.db.transactions import driver

INSERT = "INSERT INTO things (name) VALUES ($1)"


async def names(database: Database) -> list[str]:
    async with database.read(fresh=True) as connection:
        return list((await connection.execute(text("SELECT name FROM things ORDER BY name"))).scalars())


async def test_what_it_does_is_committed_with_the_session(committed_db: Database) -> None:
    async with committed_db.session() as session:
        await (await driver(session)).execute(INSERT, "bare")
        await session.execute(text("INSERT INTO things (name) VALUES ('session')"))
        await (await driver(session)).execute(INSERT, "again")
        assert await names(committed_db) == []
    assert await names(committed_db) == ["again", "bare", "session"]


async def test_what_it_does_is_rolled_back_with_the_session_also_as_its_first_statement(
    committed_db: Database,
) -> None:
    async def fail() -> None:
        async with committed_db.session() as session:
            await (await driver(session)).execute(INSERT, "bare")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await names(committed_db) == []
