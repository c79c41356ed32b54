"""What a running process holds open: connections, the cache and the keys that verify tokens."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx
    import redis.asyncio

    from shared.auth.keys import KeySource
    from shared.auth.sessions import RevokedSessions
    from shared.auth.tokens import TokenVerifier
    from shared.cache import Cache
    from shared.db.database import Database
    from shared.settings import ServiceSettings


@dataclass
class Runtime:
    """The open resources of one process."""

    settings: Any
    """The service's own settings type, a ServiceSettings."""
    database: Database
    redis: redis.asyncio.Redis
    cache: Cache
    http: httpx.AsyncClient
    verifier: TokenVerifier
    revoked: RevokedSessions
    draining: bool = False
    """Set on SIGTERM: /health/ready says no from then on."""


@asynccontextmanager
async def open_runtime(
    settings: ServiceSettings,
    *,
    name: str = "softfactory",
    keys: Callable[[Any, Database], KeySource] | None = None,
) -> AsyncIterator[Runtime]:
    """Open everything for the service `name`, and close it in reverse. `keys` defaults to the platform's JWKS."""
    raise NotImplementedError
    yield
