"""Routes in one list, each of which says who may call it."""

from __future__ import annotations

from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from shared.auth.dependencies import AdminUser, CurrentUser, requires_subscription
from shared.auth.tokens import Principal
from shared.web.routes import add_routes, alias_of, anybody, drop_markers, public, undeclared_routes


def things() -> APIRouter:
    api = APIRouter(prefix="/api/things", tags=["things"], dependencies=[public])

    @api.get("/{name}", status_code=202)
    async def thing(name: str, size: int = 1) -> str:
        return name * size

    return api


def app_with(*routers: APIRouter) -> FastAPI:
    app = FastAPI()
    add_routes(app, routers)
    return app


async def test_an_alias_answers_alike_and_is_not_documented() -> None:
    app = app_with(things(), alias_of(things(), prefix="/api/things", alias="/api/stuff"))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        for path in ("/api/things/ab?size=2", "/api/stuff/ab?size=2"):
            answer = await client.get(path)
            assert (answer.status_code, answer.json()) == (202, "abab")
        assert (await client.get("/api/stuff/ab?size=x")).status_code == 422
        assert (await client.delete("/api/things/ab")).status_code == 405
    assert list(app.openapi()["paths"]) == ["/api/things/{name}"]


def test_two_apps_may_have_the_same_routes() -> None:
    router = things()
    for _ in range(2):
        routes = [route for route in app_with(router).routes if route in router.routes]
        assert [route.path for route in routes if isinstance(route, APIRoute)] == ["/api/things/{name}"]


def test_a_router_that_includes_another_is_refused() -> None:
    outer = APIRouter()
    outer.include_router(things())
    with pytest.raises(TypeError, match="includes no other router"):
        app_with(outer)


def test_only_routes_without_a_policy_are_named_also_in_included_routers() -> None:
    api, outer = APIRouter(prefix="/things"), APIRouter(prefix="/api")

    @api.get("/open", dependencies=[public])
    async def open_to_all() -> None: ...

    @api.get("/mine")
    async def mine(user: CurrentUser) -> None: ...

    @api.get("/all")
    async def everything(admin: AdminUser) -> None: ...

    @api.get("/paid")
    async def paid(user: Annotated[Principal, Depends(requires_subscription("things"))]) -> None: ...

    @api.api_route("/forgotten", methods=["GET", "DELETE"])
    async def forgotten(page: int = 1) -> None: ...

    outer.include_router(api)
    app = FastAPI()
    app.include_router(outer)
    assert undeclared_routes(app) == ["DELETE /api/things/forgotten", "GET /api/things/forgotten"]


def test_a_routers_own_dependency_covers_its_routes() -> None:
    api = APIRouter(dependencies=[public])

    @api.get("/open")
    async def open_to_all() -> None: ...

    app = FastAPI()
    app.include_router(api)
    assert undeclared_routes(app) == []


def test_the_marker_costs_requests_nothing_and_still_declares() -> None:
    api = APIRouter(prefix="/api")

    @api.get("/open", dependencies=[public])
    async def open_to_all() -> None: ...

    app = FastAPI()
    app.include_router(api)
    drop_markers(app)
    (route,) = [found for found in iter_route_contexts(app.routes) if found.path == "/api/open"]
    assert anybody not in [child.call for child in route.dependant.dependencies]
    assert undeclared_routes(app) == []
