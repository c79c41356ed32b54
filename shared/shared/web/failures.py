"""The answers for failed requests, whatever they raised, and for requests that the process has no room for."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from functools import partial
from http import HTTPStatus
from random import getrandbits
from typing import Any, Final

import httpx
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import Scope, Send

from shared.admission import Overloaded
from shared.db.failures import Failure, classify
from shared.errors import FieldError, ServiceError, Unavailable, Unprocessable
from shared.observability.context import REQUEST_ID
from shared.outages import is_temporary
from shared.web.body import RefusedBody
from shared.web.problems import ProblemResponse, of_service_error, problem

logger = logging.getLogger(__name__)
MAX_ERRORS = 100
MAX_FIELD = 200
_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-[0-9a-f]{32}-")
_OUT_OF_RANGE = partial(Unprocessable, "A value is out of range.")
_PLACE: Final = "an id"
_MESSAGES = {
    404: "There is nothing at this address.",
    405: "This address does not support that method.",
}


def answer_to(error: Exception) -> ProblemResponse:
    """The answer for `error`. An unexpected error is logged with its traceback, and tells the client nothing."""
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


class OverloadAnswer:
    """503 `overloaded`, as problem+json like all other errors, prepared beforehand.

    Offered twice what it can do, a process sends as many refusals as answers: what a refusal costs is missing for the
    requests that are served. So only the request's ids are read; this costs 10 us, the ordinary way ten times that.
    """

    def __init__(self) -> None:
        error = Overloaded()
        ids = {"request_id": _PLACE, "trace_id": _PLACE}
        answer = problem(error.status, error.code, error.message, extra=ids)
        self._status = error.status
        self._before, self._between, self._after = bytes(answer.body).split(_PLACE.encode())
        length = b"content-length"
        self._headers = [
            *((name, value) for name, value in answer.raw_headers if name != length),
            *((name.lower().encode(), value.encode()) for name, value in error.headers.items()),
            (b"cache-control", b"no-store"),
        ]

    async def __call__(self, scope: Scope, send: Send) -> None:
        """Answers the request, whose body need not have been read."""
        name, trace = _ids(scope)
        body = b"".join((self._before, name, self._between, trace, self._after))
        headers = [*self._headers, (b"content-length", b"%d" % len(body)), (b"x-request-id", name)]
        await send({"type": "http.response.start", "status": self._status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _known_failure(error: Exception) -> ServiceError | None:
    """Failures of what we depend on, and values that only the database could recognize as out of range."""
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


def _ids(scope: Scope) -> tuple[bytes, bytes]:
    """The request's and the trace's. No span tells of a refusal: under overload these would be the most."""
    request_id = trace_id = b"%032x" % getrandbits(128)
    for name, value in scope["headers"]:
        if name == b"x-request-id" and REQUEST_ID.fullmatch(value):
            request_id = bytes(value)
        elif name == b"traceparent" and _TRACEPARENT.match(value):
            trace_id = bytes(value[3:35])
    return request_id, trace_id
