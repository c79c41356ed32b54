"""Values that clients should not send, made from the JSON schema of what they should."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

Schema = dict[str, Any]
BEYOND_64_BITS = 2**63
MANY_DIGITS = "9" * 5000
DEEP = 20_000
TOO_DEEP = 260
"""For the parsers and serializers behind the one that reads a body."""
MANY = 70_000
WRONG_CURSORS = (
    "[" * 180 + "]" * 180,
    "[9223372036854775807]",
    "[9223372036854775808]",
    f"[{'9' * 300}]",
    '["0001-01-01T00:00:00+14:00", 1]',
    '["9999-12-31T23:59:59-14:00", 9223372036854775807]',
    '{"a": 1}',
)


@dataclass(frozen=True, slots=True)
class Wrong:
    """A request body or the text of one parameter. `certain`: no field of any type could take it."""

    what: str
    content: bytes
    certain: bool


def wrong_bodies() -> Iterator[Wrong]:
    """Bodies that are no JSON object, whatever the fields."""
    for what, content in (
        ("half an object", b'{"a":'),
        ("bad UTF-8", b'{"a": "\xff\xfe"}'),
        ("deep lists", b"[" * DEEP + b"]" * DEEP),
        ("deep objects", b'{"a":' * DEEP + b"1" + b"}" * DEEP),
        ("a NUL name", b'{"\\u0000": 1}'),
        ("many fields", _many_fields()),
        ("many lists", b'{"a": [' + b"[]," * MANY + b"[]]}"),
        ("many names in a list", b'{"a": [' + b'{"a":1},' * MANY + b"{}]}"),
        ("a long name", b'{"' + b"a" * 500_000 + b'": 1}'),
        ("a list", b"[]"),
        ("a string", b'"text"'),
        ("a number", b"17"),
    ):
        yield Wrong(what, content, True)
    yield Wrong("null", b"null", False)  # the same as no body, where a body may be left out


@cache
def _many_fields() -> bytes:
    return json.dumps({f"k{number}": 1 for number in range(MANY)}).encode()


def wrong_fields(schema: Schema) -> Iterator[tuple[str, Wrong]]:
    """For each field of a body's schema, bodies that are right but for that field."""
    definitions = schema.get("$defs", {})
    body = plausible(schema, definitions)
    if not isinstance(body, dict):
        return
    for name, field in schema.get("properties", {}).items():
        scalar = not _allows(field, definitions, {"object", "array"})
        for what, value, certain in _field_values(scalar=scalar):
            text = json.dumps({**body, name: "<>"}).replace('"<>"', value)
            yield name, Wrong(f"{name}: {what}", text.encode("utf-8", "surrogatepass"), certain)


def _field_values(*, scalar: bool) -> Iterator[tuple[str, str, bool]]:
    yield "an object", '{"x": {}}', scalar
    yield "a number beyond 64 bits within", f'{{"x": {2**64}}}', True
    yield "a list", "[[]]", scalar
    yield "NUL", '"a\\u0000b"', True
    yield "half a surrogate pair", '"\\ud800"', True
    yield "thousands of digits", MANY_DIGITS, True
    yield "NaN", "NaN", True
    yield "Infinity", "-Infinity", True
    yield "beyond a double", "1e999", True
    yield "hundreds of digits", str(10**400), True
    yield "beyond 64 bits", str(BEYOND_64_BITS), True
    yield "below 64 bits", str(-BEYOND_64_BITS - 1), True
    yield "beyond unsigned 64 bits", str(2**64), True
    yield "the largest of 64 bits", str(BEYOND_64_BITS - 1), False
    yield "a large float", "1e300", False
    yield "deep lists", "[" * TOO_DEEP + "]" * TOO_DEEP, True
    yield "deep objects", '{"a":' * TOO_DEEP + "1" + "}" * TOO_DEEP, True
    yield "a number of hundreds of digits as text", f'"{10**400}"', False
    yield "a huge exponent as text", '"1e999999999"', False
    yield "a tiny exponent as text", '"1e-999999999"', False
    yield "infinity as text", '"-Infinity"', False
    yield "zero", "0", False
    yield "a tiny fraction", "0.000000001", False
    yield "true", "true", False
    yield "null", "null", False
    yield "nothing", '""', False
    yield "a long text", '"' + "x" * 100_000 + '"', False
    yield "no such day", '"2031-02-30"', False
    yield "the first year", '"0001-01-01T00:00:00+14:00"', False
    yield "the last year", '"9999-12-31T23:59:59-14:00"', False


def wrong_texts(schema: Schema) -> Iterator[Wrong]:
    """Percent-encoded texts for a parameter of the path or the query."""
    definitions = schema.get("$defs", {})
    number = not _allows(schema, definitions, {"string"})
    yield Wrong("NUL", b"%00", True)
    yield Wrong("NUL within", b"1%00", True)
    yield Wrong("bad UTF-8", b"%FF%FE", True)
    yield Wrong("half a surrogate pair", b"%ED%A0%80", True)
    for text in ("x", "1.5", str(BEYOND_64_BITS), str(-BEYOND_64_BITS - 1), MANY_DIGITS, "1e3", "NaN"):
        yield Wrong(text[:24], text.encode(), number and text != "1e3")
    for text in (
        "0",
        "-1",
        "true",
        "x" * 3000,
        "0001-01-01",
        "9999-12-31",
        "9999-12-31T23:59:59-14:00",
        "2031-02-30",
        "1e999999999",
        *(_cursor(content) for content in WRONG_CURSORS),
        "%F0%9F%A7%91%E2%80%8D%F0%9F%8D%B3",
    ):
        yield Wrong(text[:24], text.encode(), certain=False)


def _cursor(content: str) -> str:
    """As `shared.schemas.keyset` writes them."""
    return base64.urlsafe_b64encode(content.encode()).rstrip(b"=").decode()


def plausible(schema: Schema, definitions: Schema) -> Any:
    """A value that `schema` allows, as far as that can be told from it."""
    schema = _resolve(schema, definitions)
    if "default" in schema:
        return schema["default"]
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    for choice in schema.get("anyOf", ()):
        return plausible(choice, definitions)
    kind = schema.get("type")
    if kind == "object":
        required = schema.get("required", ())
        fields = schema.get("properties", {})
        return {name: plausible(fields[name], definitions) for name in required}
    if kind in {"integer", "number"}:
        return max(1, schema.get("minimum", 1))
    return {"array": [], "boolean": True, "null": None}.get(str(kind), _text(schema))


def _text(schema: Schema) -> str:
    by_format = {"date": "2031-01-31", "date-time": "2031-01-31T10:00:00Z"}.get(schema.get("format", ""))
    return by_format or "plausible@example.com".ljust(schema.get("minLength", 0), "m")


def _resolve(schema: Schema, definitions: Schema) -> Schema:
    reference = schema.get("$ref")
    resolved: Schema = definitions[reference.rpartition("/")[2]] if reference else schema
    return resolved


def _allows(schema: Schema, definitions: Schema, kinds: set[str]) -> bool:
    """Whether a value of one of `kinds` could be right; a schema that says nothing allows everything."""
    schema = _resolve(schema, definitions)
    choices = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
    if choices:
        return any(_allows(choice, definitions, kinds) for choice in choices)
    return schema.get("type") in kinds if "type" in schema else not {"enum", "const"} & schema.keys()
