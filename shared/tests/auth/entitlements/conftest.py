"""Entitlements of processes that share a database, beside a platform that tests tell what it knows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis
from sqlalchemy.orm import DeclarativeBase
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shared.auth.entitlement_table import Entitlement
from shared.auth.entitlements import EntitlementMixin, Entitlements
from shared.auth.platform_client import PlatformClient
from shared.auth.service_tokens import ServiceTokenVerifier
from shared.cache import Cache
from shared.db.base import metadata
from shared.db.database import Database
from shared.schemas.json import dumps
from testing.serving import bound_socket, serving

SECRET = "a secret of forty characters, or so it was"


class Base(DeclarativeBase):
    metadata = metadata()


class Table(EntitlementMixin, Base):
    """The table as a service declares it."""


@dataclass
class Platform:
    """The two internal endpoints, with what platform knows; `delay` in seconds makes it slow."""

    known: list[Entitlement] = field(default_factory=list)
    asked: int = 0
    delay: float = 0.0
    status: int = 200
    body: bytes | None = None
    tokens: ServiceTokenVerifier = field(
        default_factory=lambda: ServiceTokenVerifier("platform", {"coocook": SECRET})
    )

    async def one(self, request: Request) -> Response:
        self.asked += 1
        self.tokens.verify(request.headers["Authorization"].removeprefix("Bearer "))
        await asyncio.sleep(self.delay)
        found = [asdict(item) for item in self.known if item.user_id == int(request.path_params["user_id"])]
        return Response(self.body or dumps({"items": found}), self.status)

    async def all(self, request: Request) -> Response:
        """Two rows a page, to have several."""
        self.tokens.verify(request.headers["Authorization"].removeprefix("Bearer "))
        start = int(request.query_params.get("after", "0"))
        page = [asdict(item) for item in self.known[start : start + 2]]
        following = str(start + 2) if start + 2 < len(self.known) else None
        return Response(dumps({"items": page, "next": following}))

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/internal/entitlements/{user_id:int}", self.one),
                Route("/internal/snapshots/entitlements", self.all),
            ]
        )


@pytest.fixture
def migrations() -> Path:
    return Path(__file__).parent.parent.parent / "sample_migrations"


@pytest.fixture
def database_name() -> str:
    return "sample"


@pytest.fixture
async def database(committed_db: Database) -> Database:
    async with committed_db.primary.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    return committed_db


@pytest.fixture
def table() -> type[EntitlementMixin]:
    return Table


@pytest.fixture
def platform() -> Platform:
    return Platform()


@pytest.fixture
def platform_url(platform: Platform) -> Iterator[str]:
    with bound_socket() as listener, serving(platform.app(), listener) as url:
        yield url


@pytest.fixture
async def opened(
    database: Database, redis_url: str, redis_client: Redis, platform_url: str
) -> AsyncIterator[Callable[[], Any]]:
    """Entitlements of one process each: with a cache and connections of its own."""
    async with AsyncExitStack() as stack:

        async def open_one() -> Entitlements:
            redis = await stack.enter_async_context(Redis.from_url(redis_url))
            cache = Cache(redis, namespace="sample", redis_bytes=1_000_000)
            await cache.start()
            stack.push_async_callback(cache.close)
            http = await stack.enter_async_context(httpx.AsyncClient())
            asks = PlatformClient(http, url=platform_url, service="coocook", secret=SECRET)
            return Entitlements(Table, database, cache, asks)

        yield open_one


@pytest.fixture
async def entitlements(opened: Callable[[], Any]) -> Entitlements:
    found: Entitlements = await opened()
    return found
