"""Turns whatever a request raised into its answer, in one place."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any

import asyncpg
import httpx
from fastapi.exceptions import RequestValidationError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from shared.db.driver import DRIVER_ERRORS
from shared.errors import FieldError, ServiceError, Unavailable, Unprocessable
from shared.web.body import RefusedBody
from shared.web.problems import ProblemResponse, of_service_error, problem

logger = logging.getLogger(__name__)
MAX_ERRORS = 1000
MAX_FIELD = 200
# SQLSTATEs that pass by themselves: connection trouble, no more connections, a cancelled or too long statement,
# a lock not got, a deadlock, a serialization failure, a server that starts or stops, a full disk.
_PASSING = ("08", "53", "57", "40001", "40P01", "55P03", "25P03")
# A text too long, a number or a date out of range, text that is none of its type, a character it cannot store. Other
# data exceptions, such as a division by zero, are bugs of ours.
_DATA = ("22001", "22003", "22007", "22008", "22021", "22P02", "22P05")
_OUTAGES = (
    PoolTimeout,
    RedisConnectionError,
    RedisTimeoutError,
    httpx.TransportError,
    ConnectionError,
    TimeoutError,
)
_OUT_OF_RANGE = partial(Unprocessable, "A value is out of range.")
_MESSAGES = {
    404: "There is nothing at this address.",
    405: "This address does not take that method.",
}


def answer_to(error: Exception) -> ProblemResponse:
    """The answer for `error`. What nobody expected is logged with its traceback, and tells the client nothing."""
    if isinstance(error, ServiceError):
        return of_service_error(error)
    if isinstance(error, RefusedBody):
        return of_service_error(error.error)
    if isinstance(error, RequestValidationError):
        return _invalid(error)
    if isinstance(error, HTTPException):
        return _http(error)
    known = _known_failure(error)
    if known is None:
        logger.error("unhandled error", exc_info=error)
        return problem(500, "internal_error", "Something went wrong on our side.")
    logger.warning("%s: %s", type(error).__name__, str(error).partition("\n")[0])
    return of_service_error(known)


def _known_failure(error: Exception) -> ServiceError | None:
    """Failures of what we depend on, and values that only the database could tell to be out of range."""
    if isinstance(error, DBAPIError):
        return _database_failure(error)
    if isinstance(error, DRIVER_ERRORS):
        return _driver_failure(error)
    return Unavailable() if isinstance(error, _OUTAGES) or _is_unreachable(error) else None


def _is_unreachable(error: Exception) -> bool:
    """A host without a name or a way to it: plain OSErrors, as those of files are, which name their file."""
    return isinstance(error, OSError) and error.filename is None


def _database_failure(error: DBAPIError) -> ServiceError | None:
    if error.connection_invalidated:
        return Unavailable()
    return _OUT_OF_RANGE() if _is_refused_argument(error.orig) else _by_sqlstate(_sqlstate(error))


def _driver_failure(error: Exception) -> ServiceError | None:
    """The same of the bare driver, whose own refusals, but for that of an argument, are misuse and so bugs of ours."""
    if _is_refused_argument(error):
        return _OUT_OF_RANGE()
    if isinstance(error, asyncpg.PostgresError):
        return _by_sqlstate(error.sqlstate or "")
    gone = isinstance(error, asyncpg.InternalClientError) or "closed" in str(error)
    return Unavailable() if gone else None


def _by_sqlstate(state: str) -> ServiceError | None:
    if state.startswith(_PASSING):
        return Unavailable()
    return _OUT_OF_RANGE() if state.startswith(_DATA) else None


def _sqlstate(error: DBAPIError) -> str:
    state = getattr(error.orig, "sqlstate", None)
    return state if isinstance(state, str) else ""


def _is_refused_argument(error: BaseException | None) -> bool:
    """asyncpg checks arguments before it sends them: `invalid input for query argument $1: ... out of int32 range`."""
    return "invalid input for query argument" in str(error)


def _http(error: HTTPException) -> ProblemResponse:
    phrase = HTTPStatus(error.status_code).phrase
    detail = error.detail if error.detail and error.detail != phrase else None
    message = detail or _MESSAGES.get(error.status_code, f"{phrase}.")
    code = phrase.lower().replace(" ", "_").replace("-", "_")
    return problem(error.status_code, code, str(message), headers=error.headers)


def _invalid(error: RequestValidationError) -> ProblemResponse:
    errors = error.errors()
    first = errors[0]
    if first["type"] == "json_invalid":
        return problem(400, "malformed_json", "The body is not valid JSON.")
    if first["loc"] == ("body",) and isinstance(error.body, bytes):
        return problem(
            415, "unsupported_media_type", "Send the body as JSON, with Content-Type: application/json."
        )
    fields = list(_fields(errors[:MAX_ERRORS]))
    return problem(422, "validation_error", f"{fields[0].field}: {fields[0].message}", errors=fields)


def _fields(errors: Sequence[Any]) -> Iterator[FieldError]:
    for item in errors:
        location = item["loc"]
        parts = list(location) if isinstance(location, tuple) else []
        names = [str(part) for part in (parts[1:] if len(parts) > 1 else parts)]
        message = str(item["msg"]).removeprefix("Value error, ")
        if parts == ["body"] and item["type"] == "missing":
            message = "A JSON body is required"
        yield FieldError(".".join(names)[:MAX_FIELD], message)
