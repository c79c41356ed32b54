"""shared.db.constraints."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from shared.db.constraints import translate, violated
from testing.rollback import TestDatabase

INSERT = text("INSERT INTO things (name) VALUES (:name)")


class NameTaken(Exception):
    """The service's own name for the violation."""


async def write_twice(db: TestDatabase) -> None:
    async with db.session() as session:
        await session.execute(INSERT, {"name": "same"})
        with translate({"uq_things_name": NameTaken}):
            await session.execute(INSERT, {"name": "same"})


async def test_a_violation_gets_the_services_name(db: TestDatabase) -> None:
    with pytest.raises(NameTaken):
        await write_twice(db)


async def test_an_unknown_violation_stays_what_it_is(db: TestDatabase) -> None:
    async def write_nothing() -> None:
        async with db.session() as session:
            with translate({"uq_things_name": NameTaken}):
                await session.execute(INSERT, {"name": None})

    with pytest.raises(IntegrityError) as failure:
        await write_nothing()
    assert violated(failure.value) is None
