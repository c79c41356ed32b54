"""shared.web.routes."""

from __future__ import annotations

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from shared.web.routes import add_routes, alias_of, public


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
