"""Turns whatever a request raised into its answer, in one place."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any

import httpx
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from shared.db.failures import Failure, classify
from shared.errors import FieldError, ServiceError, Unavailable, Unprocessable
from shared.outages import is_temporary
from shared.web.body import RefusedBody
from shared.web.problems import ProblemResponse, of_service_error, problem

logger = logging.getLogger(__name__)
MAX_ERRORS = 100
MAX_FIELD = 200
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
    failure = classify(error)
    if failure is Failure.BUG:
        return None
    if failure is Failure.WRONG_DATA:
        return _OUT_OF_RANGE()
    return (
        Unavailable() if failure or is_temporary(error) or isinstance(error, httpx.TransportError) else None
    )


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
