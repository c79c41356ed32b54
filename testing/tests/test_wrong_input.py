"""The helper itself: it must find each kind of route that breaks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, cast

import httpx
import pytest
from fastapi import APIRouter, Body, FastAPI
from pydantic import BaseModel
from starlette.requests import Request as HttpRequest

from shared.schemas.dates import Day, Timestamp
from shared.schemas.emails import Email
from shared.schemas.money import Amount
from shared.schemas.text import Text
from shared.schemas.types import Id, Request
from shared.service import ServiceDefinition
from shared.settings import ServiceSettings
from shared.web.app import create_app
from shared.web.paging import PageQuery, page_query
from testing.wrong_input import app_of, assert_no_route_breaks


class Good(Request):
    owner_id: Id
    email: Email
    name: Annotated[str, Text(1, 50)]
    price: Amount
    day: Day
    at: Timestamp


class AllOptional(Request):
    note: Annotated[str, Text(0, 100)] | None = None
    stars: int | None = None


class Careless(BaseModel):
    count: int
    at: datetime


@pytest.fixture
def settings() -> ServiceSettings:
    return ServiceSettings(
        environment="test",
        database_url="postgresql://user:word@localhost/sample",
        redis_url="redis://localhost",
        port=1,
        worker_port=1,
        platform_url="http://platform.test",
        service_secret="a-secret-of-at-least-32-characters",
    )


@pytest.fixture
def attack(settings: ServiceSettings) -> Callable[..., Awaitable[int]]:
    async def run(router: APIRouter, **options: Any) -> int:
        definition = ServiceDefinition(
            "sample", ServiceSettings, lambda _: [router], Path("migrations"), worker=cast("Any", None)
        )
        app: FastAPI = create_app(definition, settings)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://sample.test"
        ) as client:
            return await assert_no_route_breaks(client, app_of(client), {}, **options)

    return run


async def test_routes_with_our_types_hold(attack: Callable[..., Awaitable[int]]) -> None:
    router = APIRouter(prefix="/api")

    @router.post("/good", status_code=201)
    async def good(body: Good) -> None: ...

    @router.put("/good/{good_id}/{name}")
    async def change(good_id: Id, name: str, body: AllOptional | None = None) -> None: ...

    @router.get("/good")
    async def listing(page: Annotated[PageQuery, page_query()], q: str = "") -> None: ...

    @router.post("/hook")
    async def hook(request: HttpRequest) -> int:
        return len(await request.body())

    assert await attack(router) > 200


async def test_a_route_that_fails_is_named_with_what_broke_it(attack: Callable[..., Awaitable[int]]) -> None:
    router = APIRouter()

    @router.post("/careless")
    async def careless(body: Careless) -> None:
        body.count.to_bytes(7, signed=True)

    with pytest.raises(
        AssertionError, match=r"POST /careless with count: the largest of 64 bits: answered 500"
    ):
        await attack(router)
    assert await attack(router, skip=["POST /careless"]) == 0


async def test_a_route_that_accepts_nonsense_is_named(attack: Callable[..., Awaitable[int]]) -> None:
    router = APIRouter()

    @router.post("/open")
    async def open_to_anything(body: Annotated[Any, Body()] = None) -> None: ...

    with pytest.raises(AssertionError, match=r"POST /open with a list: answered 200"):
        await attack(router)
