"""The routes of an app in one list. Each says who may call it; a test walks them with `undeclared_routes`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from fastapi import APIRouter, Depends, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from fastapi.security.base import SecurityBase

_SAID: Final = [name for name in inspect.signature(APIRouter.add_api_route).parameters if name != "self"]


def add_routes(app: FastAPI, routers: Iterable[APIRouter]) -> None:
    """Like `include_router` for each, but FastAPI handles that by looking through router after router in each request,
    and by making every route once more: a sixth of the cost of a list of twenty rows, and 0.1 s of each start.

    Routes know their whole path. What is declared on the app for routes (dependencies, responses) does not reach them.
    """
    for router in routers:
        app.router.routes.extend(_routes_of(router))


def alias_of(router: APIRouter, *, prefix: str, alias: str) -> APIRouter:
    """The same routes below `alias` instead of `prefix`, for clients that know them by it. Not documented."""
    other = APIRouter()
    for route in _routes_of(router):
        said = {name: getattr(route, name) for name in _SAID if hasattr(route, name)}
        path = alias + route.path.removeprefix(prefix)
        other.add_api_route(**{**said, "path": path, "include_in_schema": False})
    return other


def _routes_of(router: APIRouter) -> list[APIRoute]:
    routes = [route for route in router.routes if isinstance(route, APIRoute)]
    if len(routes) < len(router.routes):
        raise TypeError("a router that is added here has routes alone, and includes no other router")
    return routes


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
