"""What a running process holds open: connections, the cache and the keys that verify tokens."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from redis.asyncio import Redis

from shared.auth.keys import HttpKeySource, KeySource
from shared.auth.revoked_sessions import RevokedSessions
from shared.auth.tokens import TokenVerifier
from shared.cache import Cache
from shared.db.database import Database
from shared.db.engine import POOL_TIMEOUT_SECONDS, SERVER_SETTINGS
from shared.observability.http_client import ObservedClient
from shared.redis_clients import connect_redis
from shared.settings import ServiceSettings
from shared.tls import context_for

HTTP_TIMEOUT = httpx.Timeout(2.0, connect=1.0)


@dataclass
class Runtime:
    """The open resources of one process."""

    settings: Any
    """The service's own settings type, a ServiceSettings."""
    database: Database
    redis: Redis
    cache: Cache
    http: httpx.AsyncClient
    """For calls to our own services: 2 s, never through a proxy."""
    verifier: TokenVerifier
    revoked: RevokedSessions
    draining: bool = False
    """Set on SIGTERM: /health/ready says no from then on."""


@asynccontextmanager
async def open_runtime(
    settings: ServiceSettings,
    *,
    name: str,
    keys: Callable[[Any, Database], KeySource] | None = None,
    server_settings: Mapping[str, str] = SERVER_SETTINGS,
    pool_timeout: float = POOL_TIMEOUT_SECONDS,
) -> AsyncIterator[Runtime]:
    """Open everything for `name` (of the service, then a dash and the process), and close it in reverse.

    Neither the database nor Redis has to answer yet: a process that starts before them serves once they do.
    `keys` makes the source of token keys; without it they come from the platform service's JWKS.
    """
    async with AsyncExitStack() as stack:
        database = Database(
            settings.database_url,
            replica_url=settings.replica_url,
            pool_size=settings.db_pool_size,
            max_overflow=settings.db_pool_overflow,
            application_name=name,
            server_settings=server_settings,
            pool_timeout=pool_timeout,
        )
        stack.push_async_callback(database.close)
        redis = connect_redis(settings.redis_url)
        stack.push_async_callback(redis.aclose)
        http = await stack.enter_async_context(connect_http(settings.platform_url))
        cache = Cache(redis, namespace=name.partition("-")[0], redis_bytes=settings.cache_redis_bytes)
        await cache.start()
        stack.push_async_callback(cache.close)
        revoked = RevokedSessions(redis)
        await revoked.start()
        stack.push_async_callback(revoked.close)
        source = (
            keys(settings, database)
            if keys
            else HttpKeySource(f"{settings.platform_url}/.well-known/jwks.json")
        )
        verifier = TokenVerifier(
            source, issuer=settings.jwt_issuer, audience=settings.jwt_audience, revoked=revoked
        )
        stack.push_async_callback(verifier.close)
        yield Runtime(settings, database, redis, cache, http, verifier, revoked)


def connect_http(url: str) -> httpx.AsyncClient:
    """A client for our own services at `url`; each call carries the ids of the request that it is made for."""
    return ObservedClient(
        "platform", passes_ids=True, timeout=HTTP_TIMEOUT, trust_env=False, verify=context_for(url)
    )
