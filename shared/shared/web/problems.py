"""Errors as answers: problem+json (RFC 9457) with the `error` string that today's clients read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, Field

from shared.errors import FieldError, ServiceError
from shared.observability import context
from shared.schemas.json import JSONBytes


class FieldProblem(BaseModel):
    """One field of the request that is wrong."""

    field: str
    message: str


class Problem(BaseModel):
    """The body of every answer from 400 up."""

    type: str = "about:blank"
    title: str
    status: int
    code: str = Field(description="Stable; what a program should look at.")
    detail: str
    error: str = Field(description="The same as `detail`, for older clients.")
    message: str = Field(description="The same as `detail`, for older login pages.")
    errors: list[FieldProblem] = []
    request_id: str | None = None


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
