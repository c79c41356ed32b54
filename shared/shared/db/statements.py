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

from shared import spans
from shared.db.statement_names import find_name
from shared.labelled import Labelled

logger = logging.getLogger(__name__)

SLOW_SECONDS: Final = 0.1
REPORT_SECONDS: Final = 1.0
"""A slow statement is logged that often at most: when the database is slow as a whole, every statement is."""
MAX_NAMES: Final = 1000
MAX_TEXTS: Final = 2000
MAX_LENGTH: Final = 8000
"""Of a text that is remembered: longer ones are lists of values, of another length each time."""
_SPAN: Final = {"db.system.name": "postgresql"}

query_seconds = Histogram(
    "db_query_duration_seconds",
    "Time from sending a statement to having its rows, by the function that asked.",
    ["statement"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5),
)
slow_total = Counter("slow_queries", "Statements that took longer than 100 ms.", ["statement"])
_seconds_of = Labelled(query_seconds, at_most=MAX_NAMES)
_slow_of = Labelled(slow_total, at_most=MAX_NAMES)


class Named:
    """What is remembered of a statement's text."""

    __slots__ = ("name", "observe", "reported_at")

    def __init__(self, name: str) -> None:
        self.name = name
        self.observe = _seconds_of(name).observe
        self.reported_at = -REPORT_SECONDS


_known: dict[str, Named] = {}
"""By text: of SQLAlchemy's, the one before lists are filled in, which is always the same object."""


class Statement:
    """One statement on its way."""

    __slots__ = ("_named", "_started")

    def __init__(self, sql: str, compiled: Any = None) -> None:
        text = sql if compiled is None else compiled.string
        self._named = _known.get(text) or _find(text, compiled)
        self._started = perf_counter()

    @property
    def name(self) -> str:
        """Such as `bookings.queries.read_one`."""
        return self._named.name

    def end(self, *, failed: bool = False) -> None:
        """It was answered, or it failed."""
        seconds = perf_counter() - self._started
        self._named.observe(seconds)
        if spans.listener is not None:
            spans.listener(self._named.name, seconds, _SPAN, failed)
        if seconds > SLOW_SECONDS:
            _report(self._named, seconds)


def _find(text: str, compiled: Any) -> Named:
    named = Named(find_name(text, compiled))
    if len(text) <= MAX_LENGTH:
        if len(_known) >= MAX_TEXTS:
            _known.clear()
        _known[text] = named
    return named


def _report(named: Named, seconds: float) -> None:
    """Without the statement's text and its parameters, which hold what users wrote."""
    _slow_of(named.name).inc()
    now = monotonic()
    if now - named.reported_at >= REPORT_SECONDS:
        named.reported_at = now
        logger.warning("slow query: %s took %.0f ms", named.name, seconds * 1000)


def observe(engine: Engine) -> None:
    """Have all that SQLAlchemy sends through this engine pass here."""
    event.listen(engine, "before_cursor_execute", _begin)
    event.listen(engine, "after_cursor_execute", _end)
    event.listen(engine, "handle_error", _fail)


def _begin(_connection: Any, _cursor: Any, sql: str, _parameters: Any, context: Any, _many: bool) -> None:
    context.observed = Statement(sql, context.compiled)


def _end(_connection: Any, _cursor: Any, _sql: str, _parameters: Any, context: Any, _many: bool) -> None:
    context.observed.end()
    context.observed = None


def _fail(failure: Any) -> None:
    statement = getattr(failure.execution_context, "observed", None)
    if statement is not None:
        statement.end(failed=True)


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
    failed = True
    try:
        answer = await send(query, *args, **options)
        failed = False
        return answer
    finally:
        statement.end(failed=failed)
