"""Today's apps send what the monolith took: every route of every service takes it."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Final, cast

import pytest
from fastapi import FastAPI
from fastapi.dependencies.utils import get_flat_params, request_params_to_args
from fastapi.params import ParamTypes
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.datastructures import QueryParams
from starlette.types import Scope

from shared.schemas.types import Request, StrictRequest
from shared.web.paging import LENIENT
from shared.web.request_checks import leave_out_empty
from stack.services import SERVICES
from testing.wrong_values import Schema, plausible

MODULES: Final = [service.module for service in SERVICES]
NONSENSE: Final = ["0", "-3", "abc", "", "1.5", "1e9", "9" * 30, "-" + "9" * 5000]
UNKNOWN: Final = {"template_id": 7, "x-unknown": {"a": [1]}}


@dataclass(frozen=True)
class Body:
    """One model that clients send, the body itself or a part of it."""

    where: str
    model: type[BaseModel]

    @property
    def schema(self) -> Schema:
        """Its JSON schema."""
        return self.model.model_json_schema()

    def outcome(self, given: Mapping[str, Any]) -> Any:
        """What becomes of what is given, or what is wrong with which field."""
        try:
            return self.model.model_validate(dict(given)).model_dump()
        except ValidationError as error:
            return [(item["loc"], item["type"]) for item in error.errors()]


@pytest.mark.parametrize("module", MODULES)
def test_an_unknown_field_is_ignored(module: str) -> None:
    for body in bodies(module):
        given = plausible(body.schema, body.schema.get("$defs", {}))
        assert body.outcome({**given, **UNKNOWN}) == body.outcome(given), body.where


@pytest.mark.parametrize("module", MODULES)
def test_nothing_for_an_optional_field_means_that_it_was_left_out(module: str) -> None:
    for body in bodies(module):
        given = plausible(body.schema, body.schema.get("$defs", {}))
        emptied: frozenset[str] = getattr(body.model, "nullable", frozenset())
        for name in body.schema.get("properties", {}).keys() - set(body.schema.get("required", ())):
            rest = {key: value for key, value in given.items() if key != name}
            expected = {**rest, name: None} if name in emptied else rest
            assert body.outcome({**rest, name: ""}) == body.outcome(expected), f"{body.where} {name}"


@pytest.mark.parametrize("module", MODULES)
def test_numbers_of_a_body_may_come_as_strings(module: str) -> None:
    for body in bodies(module):
        definitions = body.schema.get("$defs", {})
        given = plausible(body.schema, definitions)
        for name, field in body.schema.get("properties", {}).items():
            for number in numbers(field, definitions):
                told = {**given, name: number}, {**given, name: str(number)}
                assert body.outcome(told[1]) == body.outcome(told[0]), f"{body.where} {name}"


@pytest.mark.parametrize("module", MODULES)
def test_canceled_may_be_spelled_with_two_l(module: str) -> None:
    for body in bodies(module):
        for name, field in body.schema.get("properties", {}).items():
            if '"canceled"' in json.dumps(field):
                assert body.outcome({name: "cancelled"}) == body.outcome({name: "canceled"}), body.where
    for route in routes(module):
        for name, schema in query(route).items():
            if '"canceled"' in json.dumps(schema):
                assert read(route, f"{name}=cancelled") == read(route, f"{name}=canceled"), route.path


@pytest.mark.parametrize("module", MODULES)
def test_nothing_for_a_parameter_means_that_it_was_left_out(module: str) -> None:
    for route in routes(module):
        for name in query(route):
            assert read(route, f"{name}=") == read(route, name) == read(route, ""), f"{route.path} {name}"


@pytest.mark.parametrize("module", MODULES)
def test_a_page_that_makes_no_sense_is_never_refused(module: str) -> None:
    for route in routes(module):
        for name in query(route).keys() & LENIENT:
            for text in NONSENSE:
                _, wrong = read(route, f"{name}={text}")
                assert wrong == [], f"{route.path} {name}={text}"


def test_the_walk_finds_what_today_apps_call() -> None:
    found = {body.where for module in MODULES for body in bodies(module)}
    assert "POST /api/webapp-builder/webapps" in found
    assert "POST /api/sns/posts/bulk posts" in found
    paged = {route.path for module in MODULES for route in routes(module) if query(route).keys() >= LENIENT}
    assert {"/api/coocook/chefs", "/api/platform/admin/users", "/api/experience/listings"} <= paged


def test_the_walk_would_see_a_model_that_is_strict() -> None:
    class Inner(StrictRequest):
        stars: int = 1

    class Outer(Request):
        inner: Inner | None = None

    outer, inner = _models(Outer, "x")
    assert (outer.where, inner.where) == ("x", "x inner")
    assert outer.outcome(UNKNOWN) == outer.outcome({})
    assert inner.outcome(UNKNOWN) != inner.outcome({})


@cache
def routes(module: str) -> list[Any]:
    definition = importlib.import_module(f"{module}.definition").definition
    app = FastAPI()
    for router in definition.routers(cast(Any, None)):
        app.include_router(router)
    return [route for route in iter_route_contexts(app.routes) if isinstance(route.original_route, APIRoute)]


@cache
def bodies(module: str) -> list[Body]:
    found = [
        body
        for route in routes(module)
        for field in route.dependant.body_params
        for body in _models(field.field_info.annotation, f"{min(route.methods)} {route.path}")
    ]
    assert found
    return found


def _models(annotation: Any, where: str) -> Iterator[Body]:
    """The models in a type, and those in their fields."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield Body(where, annotation)
        for name, info in annotation.model_fields.items():
            yield from _models(info.annotation, f"{where} {name}")
    else:
        for part in getattr(annotation, "__args__", ()):
            yield from _models(part, where)


def parameters(route: Any) -> list[Any]:
    fields: list[Any] = get_flat_params(route.dependant)
    return [field for field in fields if field.field_info.in_ == ParamTypes.query]


def query(route: Any) -> dict[str, Schema]:
    """The schemas of a route's parameters, by name."""
    return {field.alias: _schema(field.field_info) for field in parameters(route)}


def _schema(info: Any) -> Schema:
    annotated: Any = Annotated[info.annotation, info]
    return TypeAdapter[Any](annotated).json_schema()


def read(route: Any, text: str) -> tuple[dict[str, Any], list[Any]]:
    """What a route is told by a query, and which parameters are wrong."""
    scope: Scope = {"query_string": text.encode()}
    leave_out_empty(scope)
    values, errors = request_params_to_args(parameters(route), QueryParams(scope["query_string"]))
    return values, [(item["loc"], item["type"]) for item in errors]


def numbers(schema: Schema, definitions: Schema) -> Iterator[Any]:
    """A number that the schema takes, if it takes any."""
    for choice in schema.get("anyOf", [schema]):
        if choice.get("type") in {"integer", "number"}:
            yield plausible({key: value for key, value in choice.items() if key != "default"}, definitions)
