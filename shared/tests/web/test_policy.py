from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import iter_route_contexts

from shared.auth.dependencies import AdminUser, CurrentUser, requires_subscription
from shared.auth.tokens import Principal
from shared.web.routes import anybody, drop_markers, public, undeclared_routes


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
