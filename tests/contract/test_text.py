"""Equal to the eye is equal: every string that a client sends says how it is taken."""

from __future__ import annotations

import importlib
import types
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

import pytest
from fastapi import FastAPI
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import BaseModel, TypeAdapter

from shared.schemas.types import AsSent, Text, Verbatim
from stack.services import SERVICES

Found = tuple[str, Any, Sequence[Any]]
"""Where a string is, its annotation, and what it is marked with."""
DECOMPOSED, COMPOSED = "Cafe\u0301 \u1109\u1165\u110b\u116e\u11af", "Café 서울"
RUNS = "POST /api/ai-automation/employees/{employee_id}/runs"


@pytest.mark.parametrize("module", [service.module for service in SERVICES])
def test_every_string_of_a_request_arrives_composed_or_says_why_not(module: str) -> None:
    found = list(_strings_of_routes(module))
    assert found
    assert [where for where, _, marks in found if not _is_marked(marks)] == []


@pytest.mark.parametrize("module", [service.module for service in SERVICES])
def test_decomposed_text_arrives_composed(module: str) -> None:
    for where, annotation, marks in _strings_of_routes(module):
        text = next((mark for mark in marks if isinstance(mark, Text)), None)
        if text is None or isinstance(text, Verbatim) or len(marks) > 1:
            continue
        kind: TypeAdapter[Any] = TypeAdapter(cast(Any, Annotated[annotation, text]))
        assert kind.validate_python(DECOMPOSED) == COMPOSED, where


def test_what_a_run_is_given_arrives_composed_too() -> None:
    kinds = importlib.import_module("ai_service.scenarios.kinds").KINDS
    found = [one for kind in kinds.values() for one in _strings(kind.input, (), RUNS)]
    assert found
    assert [where for where, _, marks in found if not _is_marked(marks)] == []


def test_a_string_that_says_nothing_is_found() -> None:
    class Inner(BaseModel):
        words: list[str]

    class Body(BaseModel):
        inner: Inner | None
        good: Annotated[str, Text(0, 5)]

    assert [where for where, _, marks in _strings(Body, (), "x") if not _is_marked(marks)] == [
        "x.inner.words"
    ]


def _strings_of_routes(module: str) -> Iterator[Found]:
    definition = importlib.import_module(f"{module}.definition").definition
    app = FastAPI()
    for router in definition.routers(cast(Any, None)):
        app.include_router(router)
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, APIRoute):
            where = f"{min(route.methods or ())} {route.path}"
            fields = [*get_flat_params(route.dependant), *route.dependant.body_params]
            for field in fields:
                info = field.field_info
                yield from _strings(info.annotation, info.metadata, f"{where} {field.alias}")


def _strings(annotation: Any, marks: Sequence[Any], where: str) -> Iterator[Found]:
    if annotation is str:
        yield where, annotation, marks
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, info in annotation.model_fields.items():
            yield from _strings(info.annotation, info.metadata, f"{where}.{name}")
    else:
        for part, own in _parts(annotation, marks):
            yield from _strings(part, own, where)


def _parts(annotation: Any, marks: Sequence[Any]) -> list[tuple[Any, Sequence[Any]]]:
    """What a type is made of, each with the marks that hold for it."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return [(parts[0], parts[1:])]
    if origin in {Union, types.UnionType}:
        return [(part, marks) for part in parts]
    if origin is dict:  # keys are looked up, never kept
        return [(parts[1], ())]
    return [] if origin is Literal else [(part, ()) for part in parts]


def _is_marked(marks: Sequence[Any]) -> bool:
    return any(isinstance(mark, Text | AsSent) for mark in marks)
