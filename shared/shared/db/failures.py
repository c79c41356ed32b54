"""What a failure of the database means, decided only here, for requests, events, jobs and everything that waits for it.

PostgreSQL 18 identifies failures by SQLSTATE, two characters for the class and three more; the longest matching entry
decides (https://www.postgresql.org/docs/18/errcodes-appendix.html). A failure that is in neither table is a bug of
ours.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

import asyncpg
from sqlalchemy.exc import DBAPIError, EmulatedDBAPIException, InvalidRequestError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class DatabaseUnreachable(ConnectionError):
    """No connection was made: nothing listens, the name is unknown, or there was no answer in time."""


class Failure(Enum):
    """What follows from a failure."""

    TEMPORARY = "nobody made a mistake: the same works once the database has recovered, or a lock is free"
    RETRYABLE = "rolled back for a reason that is gone: the same transaction may be run again at once"
    SLOW = "timed out: the database was slow, or the statement is"
    WRONG_DATA = "a value that it cannot store"
    BUG = "the statement, the schema or the permissions are wrong, and stay so"


_T, _R, _S, _W, _B = Failure
_CLASSES: Final = {
    "08": _T,  # connections
    "28": _T,  # a password is being changed: found out when connecting, before any statement
    "40": _R,  # serialization failures, deadlocks, conflicts with a standby's recovery
    "53": _T,  # disk full, out of memory, too many connections
    "57": _T,  # shutting down, starting up, restarted after a crash
    "58": _T,  # the disk or the operating system fails
    "F0": _T,  # the server's own files
}
_STATES: Final = {
    "22001": _W,  # too long
    "22003": _W,  # out of range, as are 22007 and 22008
    "22007": _W,
    "22008": _W,
    "22021": _W,  # characters that it cannot store, as is 22P05
    "22P02": _W,  # text that is none of its type
    "22P05": _W,
    "25006": _T,  # read only: a standby that was a primary, or one whose disk is nearly full
    "25P03": _T,  # our process stood still in a transaction
    "25P04": _S,  # transaction_timeout
    "26000": _R,  # a prepared statement is gone: a pooler between us gave the connection to somebody else
    "3D000": _T,  # the database is being restored or renamed: found out when connecting
    "40002": _B,  # a constraint is violated at the commit
    "40003": _T,  # unknown whether it happened, so not to be repeated blindly
    "54000": _W,  # a value too large for an index or for a text's search vector
    "55006": _T,  # in use by others
    "55P03": _T,  # a lock that was not got in time
    "57014": _S,  # statement_timeout
    "72000": _R,  # snapshot too old
    "HV00N": _T,  # a foreign server is away
}
_ENDED: Final = ("FATAL", "PANIC")
"""Severities with which the server ends the session, whatever the statement was."""
_CHANGING: Final = ("cache lookup failed", "could not open relation", "tuple concurrently updated")
"""Internal errors (XX000) of a statement that met a change of the schema; PostgreSQL has no SQLSTATE for them."""
_STALE: Final = (asyncpg.InvalidCachedStatementError, asyncpg.OutdatedSchemaCacheError)


def classify(error: BaseException | None) -> Failure | None:
    """The kind of a database failure, however it is wrapped; None for errors that do not come from the database."""
    if isinstance(error, PoolTimeout | DatabaseUnreachable):
        return Failure.TEMPORARY
    if isinstance(error, InvalidRequestError):  # the pool's, where each new connection is closed at once
        return Failure.TEMPORARY if "This connection is closed" in str(error) else None
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return Failure.TEMPORARY
    found = _of_driver(_drivers(error))
    return Failure.BUG if found is None and isinstance(error, DBAPIError) else found


def is_temporary(error: BaseException | None) -> bool:
    """Whether the same statement would have succeeded at another time, so that nobody made a mistake."""
    return classify(error) in (Failure.TEMPORARY, Failure.RETRYABLE)


def is_stale_plan(error: BaseException | None) -> bool:
    """Whether a prepared statement, or the driver's knowledge of a type, is older than a change of the schema."""
    return isinstance(_drivers(error), _STALE)


def by_sqlstate(state: str) -> Failure:
    """What a state means, "" for none."""
    return _STATES.get(state) or _CLASSES.get(state[:2]) or Failure.BUG


def _drivers(error: BaseException | None) -> BaseException | None:
    """The driver's own error: SQLAlchemy wraps its wrapper of it, and where a pool is used directly, there is only the
    wrapper."""
    found = error.orig if isinstance(error, DBAPIError) else error
    return found.__cause__ if isinstance(found, EmulatedDBAPIException) else found


def _of_driver(error: BaseException | None) -> Failure | None:
    if isinstance(error, _STALE):
        return Failure.RETRYABLE
    if isinstance(
        error, asyncpg.InternalClientError
    ):  # the server ended the connection just as a statement began
        return Failure.TEMPORARY
    if not isinstance(error, asyncpg.PostgresError | asyncpg.InterfaceError):
        return None
    if "invalid input for query argument" in str(
        error
    ):  # refused before it was sent, such as an int32 out of range
        return Failure.WRONG_DATA
    if isinstance(error, asyncpg.PostgresError):
        return _of_server(error)
    return Failure.TEMPORARY if "closed" in str(error) else Failure.BUG  # the rest is misuse of the driver


def _of_server(error: asyncpg.PostgresError) -> Failure:
    if (error.severity_en or error.severity) in _ENDED:
        return Failure.TEMPORARY
    if error.sqlstate == "XX000" and any(text in str(error) for text in _CHANGING):
        return Failure.RETRYABLE
    return by_sqlstate(error.sqlstate or "")
