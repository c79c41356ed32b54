"""Path and query as the app gets them: text that a database can take, which is valid UTF-8 without NUL."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from starlette.types import Scope

from shared.errors import BadRequest, FieldError, ServiceError, Unprocessable

MAX_NAME = 100
_EMPTY = re.compile(rb"(?:^|&)[^&=]*=?(?=&|$)")


class UnusablePath(BadRequest):
    """The path is not valid UTF-8 without NUL."""


def leave_out_empty(scope: Scope) -> None:
    """A parameter without a value was left out: forms send those that nobody filled in, as `?status=&category=`."""
    if scope["query_string"]:
        scope["query_string"] = _EMPTY.sub(b"", scope["query_string"]).lstrip(b"&")


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


def _is_text(quoted: bytes) -> bool:
    if b"%" not in quoted and quoted.isascii():
        return b"\x00" not in quoted
    raw = unquote_to_bytes(quoted)
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return b"\x00" not in raw
