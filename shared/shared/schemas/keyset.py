"""Cursors: where a page of a list ended, as an opaque text that a client sends back."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

import orjson

from shared.errors import FieldError, Unprocessable
from shared.schemas.types import MAX_ID

MAX_LENGTH = 512
MAX_ROWS = 1000
"""For lists without an envelope: today's apps cannot ask for a next page there, and get this many at once."""
T = TypeVar("T")


class InvalidCursor(Unprocessable):
    """The cursor is not valid for this list."""

    def __init__(self) -> None:
        super().__init__(errors=(FieldError("cursor", self.default_message),))


def encode_cursor(*values: int | str | datetime) -> str:
    """The cursor after a row with these sort values."""
    return base64.urlsafe_b64encode(orjson.dumps(values)).rstrip(b"=").decode()


def decode_cursor(cursor: str, *kinds: type[int | str | datetime]) -> tuple[Any, ...]:
    """The values of `encode_cursor`, each of the kind given. Raises InvalidCursor (422) for anything else."""
    try:
        if len(cursor) > MAX_LENGTH:
            raise InvalidCursor
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        values = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if not isinstance(values, list) or len(values) != len(kinds):
            raise InvalidCursor
        decoded = tuple(_value(value, kind) for value, kind in zip(values, kinds, strict=True))
    except (UnicodeEncodeError, binascii.Error, orjson.JSONDecodeError):
        raise InvalidCursor from None
    if encode_cursor(*decoded) != cursor:  # a position has only one spelling, since caches use it as a key
        raise InvalidCursor
    return decoded


def _value(value: object, kind: type) -> Any:
    if kind is datetime and isinstance(value, str):
        return _datetime(value)
    if type(value) is not kind:
        raise InvalidCursor
    if (isinstance(value, int) and not 0 <= value <= MAX_ID) or (isinstance(value, str) and "\x00" in value):
        raise InvalidCursor
    return value


def _datetime(value: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise InvalidCursor from None
    if moment.tzinfo is None:
        raise InvalidCursor
    return moment


def next_links(
    url_path: str, cursor: str | None, *, limit: int, filters: Sequence[tuple[str, str]] = ()
) -> dict[str, str]:
    """The headers that name the next page of a bare list: `Link: <...>; rel="next"` and `X-Next-Cursor`."""
    if cursor is None:
        return {}
    query = urlencode([*filters, ("limit", limit), ("cursor", cursor)])
    return {"Link": f'<{url_path}?{query}>; rel="next"', "X-Next-Cursor": cursor}


def split_page(rows: Sequence[T], limit: int) -> tuple[Sequence[T], T | None]:
    """Cut `rows`, queried with `limit + 1`, to the page, and the last row of it where more follow."""
    return (rows[:limit], rows[limit - 1]) if len(rows) > limit else (rows, None)
