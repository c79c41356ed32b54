"""Counting the statements that a piece of code sends, so that a query in a loop fails a test."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

_SAVEPOINTS = ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT")
"""A rolled back test has them where production has BEGIN, COMMIT or nothing."""


@contextmanager
def record_queries() -> Iterator[list[str]]:
    """The SQL of every statement sent through SQLAlchemy inside, without savepoints.

    `with record_queries() as queries: ...; assert len(queries) <= 2`
    """
    queries: list[str] = []

    def listen(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(_SAVEPOINTS):
            queries.append(statement)

    event.listen(Engine, "before_cursor_execute", listen)
    try:
        yield queries
    finally:
        event.remove(Engine, "before_cursor_execute", listen)
