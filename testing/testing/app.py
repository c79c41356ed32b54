"""A service in this process: its app on a test's database, without a network, and its lists read to their end."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx
from redis.asyncio import Redis

from shared.auth.revoked_sessions import RevokedSessions
from shared.auth.tokens import TokenVerifier
from shared.cache import Cache
from shared.db.database import Database
from shared.runtime import Runtime
from shared.service import ServiceDefinition
from shared.web.app import create_app
from testing.tokens import key_source

BASE_SETTINGS: Mapping[str, Any] = {
    "environment": "test",
    "port": 1,
    "worker_port": 1,
    "concurrency_limit": 1000,  # tests of races ask many at once, and each of them counts
    "platform_url": "http://platform.test",
    "service_secret": "a-secret-that-only-tests-know-and-share",
    "stripe_api_url": "http://payments.test",
    "stripe_secret_key": "sk_test_of_the_tests",
    "stripe_webhook_secret": "whsec_of_the_tests",
}
"""Settings of every service under test; a service's conftest adds its own by `settings_overrides`."""
_NEXT: Final = re.compile(r'<([^>]+)>; rel="next"')


def nobody_answers(request: httpx.Request) -> httpx.Response:
    """Other services are down unless a test says otherwise."""
    raise httpx.ConnectError(f"no service stands behind {request.url} in this test", request=request)


@asynccontextmanager
async def open_test_runtime(
    definition: ServiceDefinition,
    *,
    database: Database,
    redis: Redis,
    redis_url: str,
    settings: Mapping[str, Any],
    http: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator[Runtime]:
    """A Runtime on what the test made. `http` answers in place of other services."""
    values = {**BASE_SETTINGS, "database_url": database.url, "redis_url": redis_url, **settings}
    revoked = RevokedSessions(redis)
    prepared = definition.settings_type(**values)
    own_keys = None if definition.key_source is None else definition.key_source(prepared, database)
    verifier = TokenVerifier(key_source(own_keys), revoked=revoked)
    cache = Cache(redis, namespace=definition.name, redis_bytes=prepared.cache_redis_bytes)
    async with httpx.AsyncClient(transport=http or httpx.MockTransport(nobody_answers)) as client:
        runtime = Runtime(
            settings=prepared,
            database=database,
            redis=redis,
            cache=cache,
            http=client,
            verifier=verifier,
            revoked=revoked,
        )
        await revoked.start()
        await cache.start()
        try:
            yield runtime
        finally:
            await cache.close()
            await revoked.close()
            await verifier.close()


@asynccontextmanager
async def open_client(definition: ServiceDefinition, runtime: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    """Speaks to the service's app. An exception that the app lets through fails the test."""
    app = create_app(definition, runtime.settings, runtime)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service.test") as client:
            yield client


async def pages_of(client: httpx.AsyncClient, path: str, headers: Mapping[str, str]) -> list[list[int]]:
    """The ids on each page of a list, as its `Link` headers lead through it."""
    pages: list[list[int]] = []
    following: str | None = path
    while following is not None:
        answer = await client.get(following, headers=headers)
        assert answer.status_code == 200, answer.text
        pages.append([row["id"] for row in answer.json()])
        link = _NEXT.fullmatch(answer.headers.get("link", ""))
        following = link[1] if link else None
    return pages
