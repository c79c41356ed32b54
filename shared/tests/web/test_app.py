from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from shared.service import ServiceDefinition
from shared.settings import ServiceSettings
from shared.web.app import create_app

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"


async def test_an_unknown_address_is_a_problem(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/nowhere", headers={"X-Request-ID": "abc-1", "traceparent": TRACEPARENT})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "code": "not_found",
        "detail": "There is nothing at this address.",
        "message": "There is nothing at this address.",
        "error": "There is nothing at this address.",
        "request_id": "abc-1",
        "trace_id": TRACEPARENT.split("-")[1],
    }


async def test_a_wrong_method_says_which_are_right(http: httpx.AsyncClient) -> None:
    answer = await http.delete("/api/do")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
    assert isinstance(answer.json()["error"], str)


async def test_a_slash_too_many_is_not_redirected_to_an_inner_address(http: httpx.AsyncClient) -> None:
    assert (await http.get("/api/do/")).status_code == 404


async def test_the_openapi_document_lists_errors_as_problems(http: httpx.AsyncClient) -> None:
    documented = (await http.get("/openapi.json")).json()["paths"]["/api/things"]["post"]["responses"]
    assert "`thing_taken`: There is such a thing already." in documented["409"]["description"]
    assert "`conflict`" in documented["409"]["description"]
    for status in ("409", "422"):
        content = documented[status]["content"]
        assert content == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


@pytest.mark.parametrize("path", ["/openapi.json", "/docs", "/redoc"])
async def test_production_shows_no_documentation(
    definition: ServiceDefinition, settings: ServiceSettings, path: str
) -> None:
    app = create_app(definition, settings.model_copy(update={"environment": "production"}))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sample.test") as client:
        assert (await client.get(path)).status_code == 404


async def test_the_services_own_resources_are_open_while_it_serves(
    definition: ServiceDefinition, settings: ServiceSettings, fake: Any
) -> None:
    events: list[str] = []

    @asynccontextmanager
    async def own(runtime: Any, app: FastAPI) -> Any:
        assert runtime is fake
        app.state.own = "here"
        yield
        events.append("closed")

    app = create_app(replace(definition, lifespan=own), settings, fake)
    async with app.router.lifespan_context(app):
        assert app.state.own == "here"
        assert events == []
    assert events == ["closed"]
