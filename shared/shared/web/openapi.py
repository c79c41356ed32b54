"""The OpenAPI document, where FastAPI cannot say that errors are problem+json."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from shared.web.problems import Problem

PROBLEM_TYPE = "application/problem+json"
_WRONG_FIELD = {
    "description": "A field is missing or has a wrong value.",
    "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def describe_problems(app: FastAPI) -> None:
    """Let `app.openapi()` give the media type that errors really have."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        schema = generate()
        _describe_wrong_fields(schema)
        for content in _error_contents(schema):
            if "application/json" in content:
                content[PROBLEM_TYPE] = content.pop("application/json")
        return schema

    app.openapi = openapi  # type: ignore[method-assign]


def _describe_wrong_fields(schema: dict[str, Any]) -> None:
    """Each operation may answer 422, and not with FastAPI's own kind of body."""
    schemas = schema.setdefault("components", {}).setdefault("schemas", {})
    if schemas.pop("HTTPValidationError", None):
        del schemas["ValidationError"]
    for operations in schema.get("paths", {}).values():
        for operation in operations.values():
            documented = operation.setdefault("responses", {}).get("422")
            if documented is None or documented["description"] == "Validation Error":
                operation["responses"]["422"] = _WRONG_FIELD
    _add_problem(schemas)


def _add_problem(schemas: dict[str, Any]) -> None:
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    for name, part in {**problem.pop("$defs"), "Problem": problem}.items():
        schemas.setdefault(name, part)


def _error_contents(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for operations in schema.get("paths", {}).values():
        for operation in operations.values():
            for status, response in operation.get("responses", {}).items():
                if status >= "400":
                    yield response.get("content", {})
