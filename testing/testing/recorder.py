"""Counting the statements that a piece of code sends, so that a query in a loop fails a test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Engine, event

_FRAMES = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE SAVEPOINT", ";")
"""Of a transaction, and of the savepoints that a rolled back test has in its place."""


@contextmanager
def record_queries() -> Iterator[list[str]]:
    """The SQL of every statement inside, sent through SQLAlchemy or on the driver's connection, without what begins
    and ends transactions.

    `with record_queries() as queries: ...; assert len(queries) <= 2`
    """
    queries: list[str] = []

    def heard(statement: str) -> None:
        if not statement.startswith(_FRAMES):
            queries.append(statement)

    def listen(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        heard(statement)

    event.listen(Engine, "before_cursor_execute", listen)
    try:
        with pytest.MonkeyPatch.context() as patch:
            for name in ("execute", "fetch", "fetchrow", "fetchval"):  # SQLAlchemy prepares its own instead
                patch.setattr(asyncpg.Connection, name, _heard_by(heard, getattr(asyncpg.Connection, name)))
            yield queries
    finally:
        event.remove(Engine, "before_cursor_execute", listen)


def _heard_by(heard: Any, method: Any) -> Any:
    async def call(connection: Any, query: str, *arguments: Any, **options: Any) -> Any:
        heard(query)
        return await method(connection, query, *arguments, **options)

    return call
