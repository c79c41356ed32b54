"""What people typed does not reach a log by way of the errors that it causes."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from sqlalchemy import text

from shared.db.database import Database
from shared.db.transactions import driver
from shared.observability.logging import JsonFormatter

TYPED = "kim@example.com"


@pytest.fixture
def migrations() -> Path:
    return Path(__file__).parent.parent / "sample_migrations"


@pytest.fixture
def database_name() -> str:
    return "sample"


def logged(error: Exception) -> Sequence[str]:
    """The error in each of the ways in which this code base logs one."""
    record = logging.getLogger("test").makeRecord
    formatter = JsonFormatter("sample")
    information = (type(error), error, error.__traceback__)
    return [
        formatter.format(
            record("test", logging.ERROR, "f", 1, message, (error,) if "%" in message else (), trace)
        )
        for message, trace in (("%r", None), ("%s", None), ("failed", information))
    ]


@pytest.mark.parametrize(
    ("statement", "parameters"),
    [
        ("INSERT INTO things (name) VALUES (:t), (:t)", {"t": TYPED}),
        ("SELECT CAST(CAST(:t AS text) AS integer)", {"t": TYPED}),
        ("SELECT CAST(CAST(:t AS text) AS timestamptz)", {"t": TYPED}),
        ("SELECT CAST(:t AS integer)", {"t": TYPED}),
        ("SELECT nothing FROM things WHERE name = :t", {"t": TYPED}),
    ],
)
async def test_a_statement_that_fails_is_logged_without_its_values(
    committed_db: Database, statement: str, parameters: dict[str, Any]
) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - whichever it is, its log counts
        async with committed_db.session() as session:
            await session.execute(text(statement), parameters)
    for line in logged(caught.value):
        assert TYPED not in line


async def test_a_statement_of_the_bare_driver_is_logged_without_its_values(committed_db: Database) -> None:
    for statement in (
        "INSERT INTO things (name) VALUES ($1), ($1)",
        "SELECT $1::integer",
        "SELECT $1::text::integer",
    ):
        with pytest.raises(Exception) as caught:  # noqa: PT011 - whichever it is, its log counts
            async with committed_db.session() as session:
                await (await driver(session)).fetch(statement, TYPED)
        for line in logged(caught.value):
            assert TYPED not in line


def test_a_message_that_is_not_as_it_should_be_is_logged_without_its_values() -> None:
    class Message(BaseModel):
        user_id: int
        active: bool

    with pytest.raises(ValueError, match="2 validation errors") as caught:
        Message.model_validate({"user_id": TYPED, "active": TYPED})
    for line in logged(caught.value):
        assert TYPED not in line
