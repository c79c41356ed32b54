"""Every route says who may call it; a test walks the routes with `undeclared_routes`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from fastapi.security.base import SecurityBase


async def anybody() -> None:
    """Asks for nothing: its presence says that a route is meant to be open to everybody."""


public = Depends(anybody)
"""Marks a route as open: `@router.get("/chefs", dependencies=[public])`."""


def drop_markers(app: FastAPI) -> None:
    """Keep FastAPI from calling `anybody` for each request: it does nothing, and would cost a tenth of a cheap one."""
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, APIRoute):
            kept = [child for child in route.dependant.dependencies if child.call is not anybody]
            route.dependant.dependencies[:] = kept


def undeclared_routes(app: FastAPI) -> list[str]:
    """The routes (`GET /path`) that have neither `public` nor a guard among their dependencies, sorted."""
    return sorted(
        f"{method} {route.path}"
        for route in iter_route_contexts(app.routes)
        if isinstance(route.original_route, APIRoute) and not any(map(_declares, _asked(route)))
        for method in route.methods or ()
    )


def _declares(call: Callable[..., Any]) -> bool:
    return isinstance(call, SecurityBase) or call is anybody


def _asked(route: RouteContext) -> Iterator[Callable[..., Any]]:
    yield from (declared.dependency for declared in route.dependencies if declared.dependency)
    yield from _calls(route.dependant)


def _calls(dependant: Dependant) -> Iterator[Callable[..., Any]]:
    for child in dependant.dependencies:
        if child.call is not None:
            yield child.call
        yield from _calls(child)
