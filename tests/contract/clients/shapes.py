"""Compares JSON with the shapes of contract.yml, whose head says how they are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

Shapes = Mapping[str, Any]
OR_NULL = " or null"


def problems(value: Any, shape: Any, shapes: Shapes, where: str = "answer") -> list[str]:
    """What is not as `shape` says, one line each; empty if all is well. Further fields are fine."""
    if isinstance(shape, list):
        return _list(value, shape, shapes, where)
    if isinstance(shape, dict):
        return _object(value, shape, shapes, where)
    if shape.endswith(OR_NULL):
        return [] if value is None else problems(value, shape.removesuffix(OR_NULL), shapes, where)
    if shape in shapes:
        return problems(value, shapes[shape], shapes, where)
    return [] if _is(value, shape) else [f"{where}: {value!r} is not {shape}"]


def _list(value: Any, shape: list[Any], shapes: Shapes, where: str) -> list[str]:
    if not isinstance(value, list):
        return [f"{where}: not a list"]
    if len(shape) > 1 or _is_literal(shape[0]):  # these very elements
        return [] if value == [element[1:] for element in shape] else [f"{where}: {value!r} is not {shape}"]
    return [
        line for i, item in enumerate(value) for line in problems(item, shape[0], shapes, f"{where}[{i}]")
    ]


def _object(value: Any, shape: dict[str, Any], shapes: Shapes, where: str) -> list[str]:
    if "all of" in shape:
        return [line for part in shape["all of"] for line in problems(value, part, shapes, where)]
    if "page of" in shape:
        return _page(value, shape["page of"], shapes, where)
    if not isinstance(value, dict):
        # {}: whatever JSON is a billing page's own matter
        return [] if not shape else [f"{where}: not an object"]
    if "map of" in shape:
        return [
            line
            for key, item in value.items()
            for line in problems(item, shape["map of"], shapes, f"{where}.{key}")
        ]
    found: list[str] = []
    for name, inner in shape.items():
        if name in value:
            found += problems(value[name], inner, shapes, f"{where}.{name}")
        elif not (isinstance(inner, str) and inner.endswith(OR_NULL)):
            found.append(f"{where}.{name} is missing")
    return found


def _page(value: Any, rows: dict[str, Any], shapes: Shapes, where: str) -> list[str]:
    ((name, row),) = rows.items()
    return problems(
        value, {name: [row], "total": "int", "pages": "int", "current_page": "int"}, shapes, where
    )


def _is_literal(shape: Any) -> bool:
    return isinstance(shape, str) and shape.startswith("=")


def _is(value: Any, shape: str) -> bool:
    if _is_literal(shape):
        return bool(value == shape[1:])
    if shape in _TYPES:
        return _TYPES[shape](value)
    if "|" in shape:
        return value in shape.split("|")
    raise ValueError(f"contract.yml: no such shape: {shape}")


def _is_time(kind: type[date]) -> Callable[[Any], bool]:
    def check(value: Any) -> bool:
        try:
            kind.fromisoformat(value)
        except (TypeError, ValueError):
            return False
        return True

    return check


_TYPES: dict[str, Callable[[Any], bool]] = {
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "bool": lambda value: isinstance(value, bool),
    "date": _is_time(date),
    "datetime": _is_time(datetime),
}
