"""Reads a request's whole body before the app sees it: limits are applied, and JSON must be usable.

The standard library's parser, which FastAPI uses, accepts NaN, lone surrogates, NUL and integers that no column could
store, and fails on those of thousands of digits. Here orjson quickly refuses most of it; only a body that looks
suspicious is examined in detail, to say which field is wrong.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope

from shared.errors import BadRequest, FieldError, PayloadTooLarge, ServiceError, Unprocessable
from shared.schemas.types import MAX_ID
from shared.web.body_limits import BodyLimits, Outline, body_limits_of, excess

_ODD_TEXT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_ODD_NUMBER = re.compile(rb"[0-9]{19}")
_SURROGATE = re.compile("[\ud800-\udfff]")
MAX_DIGITS = 300
MAX_FIELD = 200


class MalformedJSON(BadRequest):
    """The body is not valid JSON."""


class RefusedBody(HTTPException):
    """Carries `error` through FastAPI, which lets only an HTTPException pass while it reads a body."""

    def __init__(self, error: ServiceError) -> None:
        super().__init__(error.status, error.message)
        self.error = error


class _Unfit(str):
    """Stands for a number that was refused; its text is the reason."""

    __slots__ = ()


class BodyReader:
    """An ASGI `receive` that delivers the whole body as one message, once it is known to be valid.

    `limit` is in bytes; the route decides how much JSON it accepts.
    """

    __slots__ = ("_body", "_limit", "_read", "_receive", "_scope", "_taken", "reading")

    def __init__(self, scope: Scope, receive: Receive, *, limit: int) -> None:
        self._scope = scope
        self._receive = receive
        self._limit = limit
        self._body: bytes | None = None
        self._read = False
        self._taken = False
        self.reading = False
        """Whether the client is being waited for."""

    async def __call__(self) -> Message:
        """The body, then whatever follows it. Raises RefusedBody if it is too large or JSON that is unfit for use."""
        if self._taken:
            return await self._receive()
        await self.read()
        self._taken = True
        body = self._body
        if body is None:
            return {"type": "http.disconnect"}
        if body and _is_json(self._scope) and (error := wrong_json(body, body_limits_of(self._scope))):
            raise RefusedBody(error)
        return {"type": "http.request", "body": body, "more_body": False}

    async def read(self) -> None:
        """Waits until the whole body is here. Raises RefusedBody if it is too large."""
        if self._read:
            return
        self.reading = True
        self._body = await self._whole()
        self.reading = False
        self._read = True

    def rewind(self) -> None:
        """The next call hands the same body over again."""
        self._taken = False

    async def _whole(self) -> bytes | None:
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await self._receive()
            if message["type"] != "http.request":
                return None
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > self._limit:
                raise RefusedBody(too_large(self._limit))
            chunks.append(chunk)
            if not message.get("more_body", False):
                return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def too_large(limit: int) -> PayloadTooLarge:
    """The error for a body over `limit` bytes. The connection ends with it, as the rest of the body is not read."""
    return PayloadTooLarge(f"The body may have at most {limit} bytes.", headers={"Connection": "close"})


def _is_json(scope: Scope) -> bool:
    """By any of its content types: of several, the app takes another one than we might."""
    return any(b"json" in value.lower() for name, value in scope["headers"] if name == b"content-type")


def wrong_json(body: bytes, bounds: BodyLimits) -> ServiceError | None:
    """Why this JSON cannot be used: malformed is a 400; too much of it, or a value that cannot be stored, is a 422 with
    its field."""
    outline = Outline(body)
    if too_much := excess(outline, bounds):
        return too_much
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError as error:
        return _explain(body) or MalformedJSON(f"The body is not valid JSON: {error.msg}.")
    is_odd = _ODD_TEXT.search(body) or _ODD_NUMBER.search(outline.signs)
    return _explain(body) if is_odd else None


def _explain(body: bytes) -> ServiceError | None:
    try:
        value = json.loads(
            body.decode("utf-8"), parse_constant=_refuse, parse_int=_integer, parse_float=_float
        )
    except UnicodeDecodeError as error:
        return MalformedJSON(f"The body is not UTF-8 at byte {error.start}.")
    except json.JSONDecodeError as error:
        return MalformedJSON(f"The body is not valid JSON: {error.msg} at character {error.pos}.")
    found = _unfit(value)
    return Unprocessable(f"{found.field}: {found.message}", errors=(found,)) if found else None


def _refuse(constant: str) -> _Unfit:
    return _Unfit(f"{constant} is not a number that JSON has")


def _integer(digits: str) -> int | _Unfit:
    if len(digits) >= MAX_DIGITS:
        return _Unfit("The number has too many digits")
    return (
        number if -MAX_ID - 1 <= (number := int(digits)) <= MAX_ID else _Unfit("The number is beyond 64 bits")
    )


def _float(digits: str) -> float | _Unfit:
    if len(digits) >= MAX_DIGITS:
        return _Unfit("The number has too many digits")
    return number if math.isfinite(number := float(digits)) else _Unfit("The number is too large")


_Place = tuple["_Place", str | int] | None
"""A value's name below the place of what holds it; None for the whole body."""


def _unfit(root: Any) -> FieldError | None:
    """The first value or name that cannot be used."""
    waiting: list[tuple[_Place, Any]] = [(None, root)]
    while waiting:
        place, value = waiting.pop()
        if isinstance(value, str):
            if reason := _reason(value):
                return FieldError(_path(place), reason)
        elif isinstance(value, dict):
            for name, item in value.items():
                if reason := _reason(name):
                    return FieldError(_path(place), f"A field's name: {reason}")
                waiting.append(((place, name), item))
        elif isinstance(value, list):
            waiting += (((place, index), item) for index, item in enumerate(value))
    return None


def _path(place: _Place) -> str:
    names = list[str]()
    while place is not None:
        place, name = place
        names.append(str(name))
    return ".".join(reversed(names))[:MAX_FIELD] or "body"


def _reason(text: str) -> str | None:
    if isinstance(text, _Unfit):
        return str(text)
    if "\x00" in text:
        return "Contains a NUL character"
    return "Contains half of a surrogate pair" if _SURROGATE.search(text) else None
