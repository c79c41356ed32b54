"""What is refused before a request's body is read: too many or too long parts, or text that a database could not
store."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from starlette.types import Scope

from shared.errors import BadRequest, FieldError, ServiceError, Unprocessable

MAX_NAME = 100
_EMPTY = re.compile(rb"(?:^|&)[^&=]*=?(?=&|$)")
MAX_ADDRESS: Final = 16_384
"""Bytes of path and query: twice as many as the gateway reads of a request's first line."""
MAX_PARAMETERS: Final = 100
MAX_HEADERS: Final = 100
MAX_HEADER_BYTES: Final = 65_536


class AddressTooLong(ServiceError):
    """The address is too long."""

    status = 414


class TooManyParameters(BadRequest):
    """The query has too many parameters."""


class HeadersTooLarge(ServiceError):
    """The request has too many headers, or too large ones."""

    status = 431


class UnusablePath(BadRequest):
    """The path is not valid UTF-8 without NUL."""


def leave_out_empty(scope: Scope) -> None:
    """A parameter without a value counts as left out: forms send fields that nobody filled in, as
    `?status=&category=`."""
    if scope["query_string"]:
        scope["query_string"] = _EMPTY.sub(b"", scope["query_string"]).lstrip(b"&")


def oversized(scope: Scope) -> ServiceError | None:
    """What of a request is too large apart from its body; None if nothing is."""
    query: bytes = scope["query_string"]
    if len(scope.get("raw_path") or b"") + len(query) > MAX_ADDRESS:
        return AddressTooLong(f"Path and query may have at most {MAX_ADDRESS} bytes.")
    if query.count(b"&") >= MAX_PARAMETERS:
        return TooManyParameters(f"A query may have at most {MAX_PARAMETERS} parameters.")
    headers = scope["headers"]
    if len(headers) > MAX_HEADERS or sum(len(value) for _, value in headers) > MAX_HEADER_BYTES:
        return HeadersTooLarge(f"At most {MAX_HEADERS} headers, and {MAX_HEADER_BYTES} bytes of values.")
    return None


def unusable_text(scope: Scope) -> ServiceError | None:
    """Why the path or the query cannot be used, naming the parameter; None if they can."""
    if "\x00" in scope["path"] or not _is_text(scope.get("raw_path") or b""):
        return UnusablePath(errors=(FieldError("path", UnusablePath.default_message),))
    query: bytes = scope["query_string"]
    if _is_text(query):
        return None
    for pair in query.split(b"&"):
        if not _is_text(pair):
            name = unquote_to_bytes(pair.partition(b"=")[0].replace(b"+", b" "))
            field = name.decode("utf-8", "replace").replace("\x00", "�")[:MAX_NAME]
            message = "Not valid UTF-8 without NUL"
            return Unprocessable(f"{field}: {message}", errors=(FieldError(field, message),))
    return None


def unusable_headers(scope: Scope) -> ServiceError | None:
    """Why a header cannot be used; None if all can."""
    for name, value in scope["headers"]:
        if b"\x00" in value:
            field = name.decode("latin-1")
            return BadRequest(
                f"{field}: Contains a NUL character.", errors=(FieldError(field, "Contains NUL"),)
            )
    return None


def _is_text(quoted: bytes) -> bool:
    if b"%" not in quoted and quoted.isascii():
        return b"\x00" not in quoted
    raw = unquote_to_bytes(quoted)
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return b"\x00" not in raw
