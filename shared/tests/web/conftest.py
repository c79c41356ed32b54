"""A small service to try the HTTP side on; what it holds open stands still where a test does not use it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, cast

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Query
from pydantic import Field
from starlette.requests import Request as HttpRequest

from shared.errors import Conflict
from shared.runtime import Runtime
from shared.schemas.dates import Timestamp
from shared.schemas.money import Amount
from shared.schemas.text import Text
from shared.schemas.types import Id, Request
from shared.service import ServiceDefinition
from shared.settings import ServiceSettings
from shared.web.app import create_app
from shared.web.paging import PageQuery, page_query
from shared.web.problems import responses
from shared.web.routes import public

SETTINGS: dict[str, Any] = {
    "environment": "test",
    "database_url": "postgresql://user:word@localhost/sample",
    "redis_url": "redis://localhost",
    "port": 1,
    "worker_port": 1,
    "platform_url": "http://platform.test",
    "service_secret": "a-secret-of-at-least-32-characters",
    "request_timeout_seconds": 5,
    "max_body_bytes": 2048,
}


class ThingTaken(Conflict):
    """There is such a thing already."""


class NewThing(Request):
    name: Annotated[str, Text(1, 20)]
    owner_id: Id
    price: Amount
    due: Timestamp
    tags: list[str] = Field(default_factory=list)


class Options(Request):
    colour: Annotated[str, Text(1, 20)] | None = None


@dataclass
class FakeDatabase:
    """Answers a ping, or fails as it is told."""

    failure: Exception | None = None
    primary: Any = field(default_factory=lambda: type("Engine", (), {"pool": None})())
    replica: Any = None

    async def ping(self) -> None:
        if self.failure is not None:
            raise self.failure


class FakeCache:
    def stats(self) -> dict[str, int]:
        return {"memory": 3, "redis": 2, "load": 1}


@dataclass
class FakeRuntime:
    settings: ServiceSettings
    database: Any = field(default_factory=FakeDatabase)
    cache: FakeCache = field(default_factory=FakeCache)
    draining: bool = False


class Behaviour:
    """What the endpoint /api/do does; a test sets it."""

    def __init__(self) -> None:
        self.do: Callable[[], Awaitable[Any]] = self.nothing
        self.cancelled = asyncio.Event()

    async def nothing(self) -> dict[str, Any]:
        return {}

    async def forever(self) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise


@pytest.fixture
def behaviour() -> Behaviour:
    return Behaviour()


@pytest.fixture
def router(behaviour: Behaviour) -> APIRouter:
    api = APIRouter(prefix="/api")

    @api.get("/do", dependencies=[public])
    async def do() -> Any:
        return await behaviour.do()

    @api.post("/things", status_code=201, dependencies=[public], responses=responses(ThingTaken, Conflict))
    async def add_thing(body: NewThing) -> dict[str, Any]:
        return {"name": body.name}

    @api.get("/things", dependencies=[public])
    async def list_things(page: Annotated[PageQuery, page_query(default=12)], q: str = "") -> dict[str, Any]:
        return {"page": page.page, "per_page": page.per_page, "q": q}

    @api.get("/parts", dependencies=[public])
    async def list_parts(limit: Annotated[int, Query(ge=1)] = 5, cursor: str | None = None) -> dict[str, Any]:
        return {"limit": limit, "cursor": cursor}

    @api.put("/things/{thing_id}/options", dependencies=[public])
    async def set_options(thing_id: Id, body: Options | None = None) -> dict[str, Any]:
        return {"thing_id": thing_id, "colour": body.colour if body else None}

    @api.post("/hook", dependencies=[public])
    async def hook(request: HttpRequest) -> dict[str, Any]:
        return {"length": len(await request.body())}

    return api


@pytest.fixture
def definition(router: APIRouter) -> ServiceDefinition:
    return ServiceDefinition(
        name="sample",
        settings_type=ServiceSettings,
        routers=lambda _settings: [router],
        migrations=Path("migrations"),
        worker=cast("Any", None),
    )


@pytest.fixture
def settings() -> ServiceSettings:
    return ServiceSettings(**SETTINGS)


@pytest.fixture
def fake(settings: ServiceSettings) -> FakeRuntime:
    return FakeRuntime(settings)


@pytest.fixture
def app(definition: ServiceDefinition, settings: ServiceSettings, fake: FakeRuntime) -> FastAPI:
    return create_app(definition, settings, cast("Runtime", fake))


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sample.test") as client,
    ):
        yield client
