"""A route's template, which logs and metrics name instead of paths."""

from __future__ import annotations

from starlette.types import Scope

UNMATCHED = "unmatched"


def template(scope: Scope) -> str:
    """The route's path with its parameters' names. FastAPI keeps the one of an included router in its own record."""
    effective = scope.get("fastapi", {}).get("effective_route_context")
    route = effective or scope.get("route")
    return getattr(route, "path", None) or UNMATCHED
