"""What a statement is called in metrics, logs and traces: after the function of ours that asked for it.

`bookings.queries.read_one` is a function below the service's package, `shared.events.relay.Relay.publish_batch` one of
ours in common; what a session writes by itself is `insert bookings`. Finding the function costs some microseconds and
is done once for each text (`shared.db.statements`); a text that two functions send has the name of the first.
"""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any, Final

from greenlet import getcurrent  # type: ignore[import-untyped]

UNKNOWN: Final = "other"
_TRANSACTIONS: Final = frozenset({"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "START"})
_FLUSH: Final = "sqlalchemy.orm.unitofwork"
_QUEUE: Final = "pgqueuer"
_BELOW: Final = "shared.db."
"""Sends what others ask for."""


def find_name(text: str, compiled: Any = None) -> str:
    """The name of a statement that is about to be sent; `compiled` is SQLAlchemy's, if it comes from there."""
    return _of_transaction(text) or _of_caller(compiled)


def _of_transaction(text: str) -> str | None:
    word = text[:20].lstrip().partition(" ")[0].rstrip(";").upper()
    return word.lower() if word in _TRANSACTIONS else None


def _of_caller(compiled: Any) -> str:
    frame: FrameType | None = sys._getframe()
    parent = getcurrent().parent
    fallback = UNKNOWN
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        root, _, rest = module.partition(".")
        if module == _FLUSH:
            return _of_flush(compiled)
        if root == _QUEUE and ".drivers." not in module:
            return f"{_QUEUE}.{frame.f_code.co_name}"
        if root == "shared" and module.startswith(_BELOW):
            fallback = _function(module, frame)
        elif root == "shared" or root.endswith("_service"):
            return _function(module if root == "shared" else rest, frame)
        frame = frame.f_back
        if (
            frame is None and parent is not None
        ):  # SQLAlchemy runs in a greenlet; who asked waits in its parent
            frame, parent = parent.gr_frame, parent.parent
    return fallback


def _function(module: str, frame: FrameType) -> str:
    return f"{module}.{frame.f_code.co_qualname.partition('.<locals>')[0]}".lstrip(".")


def _of_flush(compiled: Any) -> str:
    statement = getattr(compiled, "statement", None)
    table = getattr(getattr(statement, "table", None), "name", UNKNOWN)
    return f"{getattr(statement, '__visit_name__', 'flush')} {table}"
