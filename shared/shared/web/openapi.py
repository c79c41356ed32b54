"""The OpenAPI document, where FastAPI cannot say that errors are problem+json."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

PROBLEM_TYPE = "application/problem+json"


def describe_problems(app: FastAPI) -> None:
    """Let `app.openapi()` give the media type that errors really have."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        schema = generate()
        for content in _error_contents(schema):
            if "application/json" in content:
                content[PROBLEM_TYPE] = content.pop("application/json")
        return schema

    app.openapi = openapi  # type: ignore[method-assign]


def _error_contents(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for operations in schema.get("paths", {}).values():
        for operation in operations.values():
            for status, response in operation.get("responses", {}).items():
                if status >= "400":
                    yield response.get("content", {})
