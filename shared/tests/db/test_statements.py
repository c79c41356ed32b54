"""The names of statements, their times, and what is said of slow ones."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest
from prometheus_client import REGISTRY
from sqlalchemy import Integer, MetaData, String, bindparam, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.db import statements
from shared.db.database import Database
from shared.db.transactions import driver

SERVICE = """
async def count(database, sql):
    async with database.read(fresh=True) as connection:
        return (await connection.execute(sql)).scalar()

async def fetch(database, sql):
    return await database.fetch(sql)

async def fetch_all(database, sql):
    async with database.read_raw() as connection:
        return [row for row in [await connection.fetch(sql)]]

class Repository:
    async def add(self, session, row):
        session.add(row)
        await session.flush()

    async def touch(self, session, sql):
        return await (await driver(session)).fetchval(sql)
"""


class Base(DeclarativeBase):
    metadata = MetaData()


class Thing(Base):
    __tablename__ = "things"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(String)


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another test may have sent the same text, and given it another name."""
    monkeypatch.setattr(statements, "_known", {})


@pytest.fixture
def service() -> dict[str, Any]:
    """A module of a service that nobody has."""
    module: dict[str, Any] = {"__name__": "sample_service.bookings.queries", "driver": driver}
    exec(SERVICE, module)  # noqa: S102 - ours, above
    return module


def times(name: str) -> float:
    return REGISTRY.get_sample_value("db_query_duration_seconds_count", {"statement": name}) or 0


async def test_a_statement_has_the_name_of_the_function_that_asked(
    committed_db: Database, service: dict[str, Any]
) -> None:
    """However it is sent; also by SQLAlchemy, in whose greenlet the function is not on the stack."""
    for name, sql in (
        ("count", text("SELECT 11")),
        ("fetch", "SELECT 12"),
        ("fetch_all", "SELECT 13"),
    ):
        before = times(f"bookings.queries.{name}")
        for _ in range(3):
            await service[name](committed_db, sql)
        assert times(f"bookings.queries.{name}") == before + 3


async def test_what_is_sent_in_a_transaction_has_names_as_well(
    committed_db: Database, service: dict[str, Any]
) -> None:
    """What the session writes by itself, what goes past it to the driver, and the transaction's beginning and end."""
    await committed_db.ping()  # a first connection says more
    names = ("insert things", "bookings.queries.Repository.touch", "begin", "commit")
    before = [times(name) for name in names]
    async with committed_db.session() as session:
        repository = service["Repository"]()
        await repository.add(session, Thing(name="new"))
        await repository.touch(session, "SELECT 14")
    assert [times(name) for name in names] == [count + 1 for count in before]


async def test_a_list_that_is_longer_each_time_is_one_statement(
    committed_db: Database, service: dict[str, Any]
) -> None:
    name = "bookings.queries.count"
    await service["count"](committed_db, text("SELECT 15"))
    before, known = times(name), series()
    for length in range(1, 30):
        some = select(Thing.id).where(Thing.id.in_(bindparam("ids", list(range(length)), expanding=True)))
        await service["count"](committed_db, some)
    assert times(name) == before + 29
    assert series() == known


def series() -> int:
    return sum(len(metric.samples) for metric in statements.query_seconds.collect())


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "SLOW_SECONDS", 0.0)


@pytest.mark.usefixtures("slow")
async def test_a_slow_statement_is_counted_and_logged_once_a_second_without_its_values(
    committed_db: Database, service: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    name = {"statement": "bookings.queries.fetch"}
    before = REGISTRY.get_sample_value("slow_queries_total", name) or 0
    with caplog.at_level(logging.WARNING, statements.__name__):
        for _ in range(3):
            await service["fetch"](committed_db, "SELECT 'a secret'")
    assert REGISTRY.get_sample_value("slow_queries_total", name) == before + 3
    (line,) = [record.getMessage() for record in caplog.records if "bookings.queries.fetch" in record.message]
    assert line.startswith("slow query: bookings.queries.fetch took ")
    assert "secret" not in line


@pytest.mark.parametrize(
    ("name", "error"), [("count", DBAPIError), ("fetch", asyncpg.PostgresError)], ids=["sqlalchemy", "driver"]
)
async def test_a_statement_that_fails_is_timed_as_well(
    committed_db: Database, service: dict[str, Any], name: str, error: type[Exception]
) -> None:
    before = times(f"bookings.queries.{name}")
    ask: Callable[..., Awaitable[Any]] = service[name]
    with pytest.raises(error):
        await ask(committed_db, text("SELECT 1 / 0") if name == "count" else "SELECT 2 / 0")
    assert times(f"bookings.queries.{name}") == before + 1
