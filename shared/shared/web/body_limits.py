"""How much a request's body may contain, checked before it is parsed.

One event loop parses, validates and answers all requests: the 70,000 unknown fields that fit into a body kept it busy
for half a second. So a body's bytes are measured, at the speed of C, before a parser makes its first value.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, TypeVar

from starlette.types import Scope

from shared.errors import FieldError, ServiceError, Unprocessable

MAX_NAME: Final = 256
"""Bytes of a field's name."""
_BOUNDS: Final = "_bounds_of_body"
_STRUCTURE: Final = re.compile(rb"[\[\]{}:]")
Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


class TooManyValues(Unprocessable):
    """The body holds more values than this address takes."""


class NestedTooDeeply(Unprocessable):
    """The JSON is nested too deeply."""


class NameTooLong(Unprocessable):
    """A field's name is too long."""


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """Limits of a JSON body: `values` in all of it, `fields` in one object, `depth` of nested lists and objects."""

    values: int = 1000
    fields: int = 100
    depth: int = 32


DEFAULT: Final = BodyLimits()


def with_body_limits(bounds: BodyLimits) -> Callable[[Endpoint], Endpoint]:
    """Decorates an endpoint that needs other bounds than most; stands below its `@router.post`."""

    def mark(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _BOUNDS, bounds)
        return endpoint

    return mark


def body_limits_of(scope: Scope) -> BodyLimits:
    """The bounds for the body of a request that has been routed."""
    bounds: BodyLimits = getattr(scope.get("endpoint"), _BOUNDS, DEFAULT)
    return bounds


class Outline:
    """JSON split into its texts and everything else, unparsed; of malformed JSON as far as that is possible."""

    def __init__(self, body: bytes) -> None:
        if b"\\" in body:  # pairs first: a run of backslashes begins with one
            body = body.replace(b"\\\\", b"..").replace(b'\\"', b"..")
        self._plain = body

    @cached_property
    def quotes(self) -> int:
        """How many begin and end its texts."""
        return self._plain.count(b'"')

    @cached_property
    def parts(self) -> list[bytes]:
        """What stands before, in, between and after its texts, in turns."""
        return self._plain.split(b'"')

    @cached_property
    def signs(self) -> bytes:
        """All but its texts."""
        return b"".join(self.parts[::2])


def excess(outline: Outline, bounds: BodyLimits) -> ServiceError | None:
    """What exceeds the limits; None for malformed JSON, unless that is too large too.

    An empty list or object counts as two values, since only its contents tell it from others.
    """
    if outline.quotes > 4 * bounds.values + 4:  # each value is a text at most, and has a name at most
        return _too_many_values(bounds)
    signs = outline.signs
    openings, named = signs.count(b"[") + signs.count(b"{"), signs.count(b":")
    if signs.count(b",") + openings > bounds.values or named > bounds.values:
        return _too_many_values(bounds)
    if openings > bounds.depth or named > bounds.fields:
        return _excess_within(signs, bounds) or _long_name(outline.parts)
    return _long_name(outline.parts)


def _excess_within(signs: bytes, bounds: BodyLimits) -> ServiceError | None:
    fields: list[int] = []
    for found in _STRUCTURE.finditer(signs):
        sign = found[0]
        if sign in b"[{":
            fields.append(0)
            if len(fields) > bounds.depth:
                return _of_body(NestedTooDeeply, f"at most {bounds.depth} levels")
        elif not fields:
            return None
        elif sign == b":":
            fields[-1] += 1
            if fields[-1] > bounds.fields:
                return _of_body(TooManyValues, f"at most {bounds.fields} fields in one object")
        else:
            fields.pop()
    return None


def _long_name(parts: list[bytes]) -> ServiceError | None:
    for text, after in zip(parts[1::2], parts[2::2], strict=False):
        if len(text) > MAX_NAME and after.lstrip().startswith(b":"):
            return _of_body(NameTooLong, f"a field's name of at most {MAX_NAME} bytes")
    return None


def _too_many_values(bounds: BodyLimits) -> ServiceError:
    return _of_body(TooManyValues, f"at most {bounds.values} values")


def _of_body(error: type[Unprocessable], allowed: str) -> ServiceError:
    message = f"{error.default_message} It may have {allowed}."
    return error(message, errors=(FieldError("body", message),))
