"""Errors as problem+json (RFC 9457) with the `error` string that clients read, also in the OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field

from shared.errors import FieldError, ServiceError
from shared.observability import context
from shared.schemas.json import JSONBytes

if TYPE_CHECKING:
    from fastapi import FastAPI  # 20 MB, which a worker has no use for


class FieldProblem(BaseModel):
    """One field of the request that is wrong."""

    field: str
    message: str


class Problem(BaseModel):
    """The body of every error response (status 400 and above)."""

    type: str = "about:blank"
    title: str
    status: int
    code: str = Field(description="A stable code for programs to check.")
    detail: str
    error: str = Field(description="The same as `detail`, for older clients.")
    message: str = Field(description="The same as `detail`, for older login pages.")
    errors: list[FieldProblem] = []
    request_id: str | None = None
    trace_id: str | None = Field(
        default=None, description="Of the request's logs and spans, in all services."
    )


class ProblemResponse(JSONBytes):
    """An answer with a problem as its body."""

    media_type = "application/problem+json"


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    errors: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> ProblemResponse:
    """The answer for one failure; `extra` adds fields to its body."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        "error": detail,
        "message": detail,
        "request_id": context.request_id(),
        "trace_id": context.trace_id(),
    }
    if errors:
        body["errors"] = [{"field": item.field, "message": item.message} for item in errors]
    if extra:
        body.update(extra)
    return ProblemResponse(body, status, headers=dict(headers or {}))


def of_service_error(error: ServiceError) -> ProblemResponse:
    """The answer that an error of ours asks for."""
    return problem(
        error.status, error.code, error.message, errors=error.errors, headers=error.headers, extra=error.extra
    )


def responses(*errors: type[ServiceError]) -> dict[int | str, dict[str, Any]]:
    """What a route documents: `@router.get(..., responses=responses(NotFound, Forbidden))`."""
    documented: dict[int | str, dict[str, Any]] = {}
    for error in errors:
        known = documented.get(error.status)
        text = f"`{error.code}`: {error.default_message}"
        documented[error.status] = {
            "model": Problem,
            "description": f"{known['description']}\n\n{text}" if known else text,
        }
    return documented


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
