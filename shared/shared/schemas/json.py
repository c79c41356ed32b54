"""JSON as our clients expect it, made by orjson."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson
from pydantic import BaseModel
from starlette.responses import Response

OPTIONS = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS


def dumps(value: Any) -> bytes:
    """JSON of rows, models and plain values. Money (Decimal) becomes a number, a datetime RFC 3339 with `Z`.

    A datetime without a zone means UTC; what the database returns is UTC. Raises TypeError for unknown types.
    """
    return orjson.dumps(value, _default, OPTIONS)


class JSONBytes(Response):
    """An answer whose content is JSON already (bytes), or becomes it through `dumps`."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Bytes pass as they are."""
        return content if isinstance(content, bytes) else dumps(content)


def _default(value: Any) -> Any:
    if isinstance(value, Decimal):
        return _fragment(value)
    if isinstance(value, BaseModel):
        return value.model_dump(by_alias=True)
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _fragment(value: Decimal) -> orjson.Fragment:
    if not value.is_finite():
        raise TypeError(f"{value} has no JSON form")
    return orjson.Fragment(format(value, "f"))
