"""What clients send, walked by type: every parameter and every field of a body, of every route."""

from __future__ import annotations

import importlib
import types
from collections.abc import Collection, Iterator, Sequence
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

from fastapi import FastAPI
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import BaseModel

Found = tuple[str, Any, Sequence[Any]]
"""Where a value is, its annotation, and what it is marked with."""


def inputs_of_routes(module: str, wanted: Collection[type]) -> Iterator[Found]:
    """The values of the `wanted` types that a service's routes take."""
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
                yield from parts_of_type(info.annotation, info.metadata, f"{where} {field.alias}", wanted)


def parts_of_type(
    annotation: Any, marks: Sequence[Any], where: str, wanted: Collection[type]
) -> Iterator[Found]:
    """Those within one annotation."""
    if annotation in wanted:
        yield where, annotation, marks
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, info in annotation.model_fields.items():
            yield from parts_of_type(info.annotation, info.metadata, f"{where}.{name}", wanted)
    else:
        for part, own in _parts(annotation, marks):
            yield from parts_of_type(part, own, where, wanted)


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
