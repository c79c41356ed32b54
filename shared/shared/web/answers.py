"""The answer of an endpoint: an instance of the schema that its route declares, with the route's status."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from pydantic import BaseModel
from starlette.types import Receive, Scope, Send

from shared.schemas.json import JSONBytes

if TYPE_CHECKING:
    from fastapi.routing import APIRoute


class ModelAnswer(JSONBytes):
    """`model` as JSON. FastAPI takes a response as it is; as a model, it would be validated and copied once more."""

    def __init__(self, model: BaseModel, headers: dict[str, str] | None = None) -> None:
        super().__init__(model, headers=headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends it with the route's status."""
        self.status_code = status_of(scope)
        await super().__call__(scope, receive, send)


def status_of(scope: Scope) -> int:
    """The status that the request's route declares (`@router.post(..., status_code=201)`), else 200."""
    return cast("APIRoute", scope["route"]).status_code or 200


UNMATCHED = "unmatched"


def route_template(scope: Scope) -> str:
    """The route's path with its parameters' names. FastAPI keeps that of an included router in its own record."""
    effective = scope.get("fastapi", {}).get("effective_route_context")
    route = effective or scope.get("route")
    return getattr(route, "path", None) or UNMATCHED
