"""Every statement that goes to PostgreSQL passes here: it gets a name, its time is measured, and a slow one is logged.

This is the one place around a statement: `Statement` begins before it is sent and ends with its answer or its failure,
through SQLAlchemy (`observe`) and on the bare driver (`ObservedConnection`).
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from time import monotonic, perf_counter
from typing import Any, Final

import asyncpg
from prometheus_client import Counter, Histogram
from sqlalchemy import Engine, event

from shared.db.statement_names import name_of
from shared.labelled import Labelled

logger = logging.getLogger(__name__)

SLOW_SECONDS: Final = 0.1
REPORT_SECONDS: Final = 1.0
"""A slow statement is logged that often at most: when the database is slow as a whole, every statement is."""
MAX_NAMES: Final = 1000

query_seconds = Histogram(
    "db_query_duration_seconds",
    "Time from sending a statement to having its rows, by the function that asked.",
    ["statement"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5),
)
slow_total = Counter("slow_queries", "Statements that took longer than 100 ms.", ["statement"])
_seconds_of = Labelled(query_seconds, at_most=MAX_NAMES)
_slow_of = Labelled(slow_total, at_most=MAX_NAMES)
_reported: dict[str, float] = {}


class Statement:
    """One statement on its way."""

    __slots__ = ("_started", "name")

    def __init__(self, sql: str, context: Any = None) -> None:
        self.name = name_of(sql, context)
        self._started = perf_counter()

    def end(self) -> None:
        """It was answered, or it failed."""
        seconds = perf_counter() - self._started
        _seconds_of(self.name).observe(seconds)
        if seconds > SLOW_SECONDS:
            _report(self.name, seconds)


def _report(name: str, seconds: float) -> None:
    """Without the statement's text and its parameters, which hold what users wrote."""
    _slow_of(name).inc()
    now = monotonic()
    if now - _reported.get(name, -REPORT_SECONDS) >= REPORT_SECONDS:
        if len(_reported) >= MAX_NAMES:
            _reported.clear()
        _reported[name] = now
        logger.warning("slow query: %s took %.0f ms", name, seconds * 1000)


def observe(engine: Engine) -> None:
    """Have all that SQLAlchemy sends through this engine pass here."""
    event.listen(engine, "before_cursor_execute", _begin)
    event.listen(engine, "after_cursor_execute", _end)
    event.listen(engine, "handle_error", _fail)


def _begin(_connection: Any, _cursor: Any, sql: str, _parameters: Any, context: Any, _many: bool) -> None:
    context.observed = Statement(sql, context)


def _end(_connection: Any, _cursor: Any, _sql: str, _parameters: Any, context: Any, _many: bool) -> None:
    context.observed.end()
    context.observed = None


def _fail(failure: Any) -> None:
    statement = getattr(failure.execution_context, "observed", None)
    if statement is not None:
        statement.end()


class ObservedConnection(asyncpg.Connection):
    """The driver's connection. SQLAlchemy prepares its statements, and only what begins and ends its transactions goes
    through `execute`."""

    async def execute(self, query: str, *args: Any, **options: Any) -> Any:
        return await _observed(super().execute, query, args, options)

    async def fetch(self, query: str, *args: Any, **options: Any) -> Any:
        return await _observed(super().fetch, query, args, options)

    async def fetchrow(self, query: str, *args: Any, **options: Any) -> Any:
        return await _observed(super().fetchrow, query, args, options)

    async def fetchval(self, query: str, *args: Any, **options: Any) -> Any:
        return await _observed(super().fetchval, query, args, options)


async def _observed(
    send: Callable[..., Awaitable[Any]], query: str, args: tuple[Any, ...], options: dict[str, Any]
) -> Any:
    statement = Statement(query)
    try:
        return await send(query, *args, **options)
    finally:
        statement.end()
