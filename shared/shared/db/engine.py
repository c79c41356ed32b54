"""How a process connects to PostgreSQL: the engine, and its pool, which counts how often a caller had to wait."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from typing import Any, NamedTuple

import asyncpg
import orjson
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, QueuePool

from shared.db.failures import DatabaseUnreachable

POOL_TIMEOUT_SECONDS = 1.0
"""A request that waits longer for a connection gets 503: the pool is behind the admission queue, so it is the database
that is slow."""
WORKER_POOL_TIMEOUT_SECONDS = 3.0
"""Nobody waits for a worker, and trying again costs more than waiting."""
CONNECT_TIMEOUT_SECONDS = 3

# A host that vanishes says nothing: without these a statement waits until its request's time is up.
TCP_OPTIONS = {
    "SO_KEEPALIVE": (socket.SOL_SOCKET, 1),
    "TCP_KEEPIDLE": (socket.IPPROTO_TCP, 1),
    "TCP_KEEPINTVL": (socket.IPPROTO_TCP, 1),
    "TCP_KEEPCNT": (socket.IPPROTO_TCP, 3),
    "TCP_USER_TIMEOUT": (socket.IPPROTO_TCP, 3000),
}
"""By name, since not every system has all of them: level and value. A silent connection is given up after 3 to 4 s."""

SERVER_SETTINGS = {
    "timezone": "UTC",
    "statement_timeout": "5000",
    "lock_timeout": "2000",
    "idle_in_transaction_session_timeout": "10000",
    "jit": "off",  # its compilation costs more than any of our short statements
}
WORKER_SETTINGS = {**SERVER_SETTINGS, "plan_cache_mode": "force_custom_plan"}
"""A worker's statements are few and about many rows. A plan that was made for an empty table, and kept, took 0.4 s for
each 200 of the first ten thousand posts, until the server looked at the table again."""


def build_engine(
    url: str,
    *,
    pool_size: int,
    max_overflow: int,
    application_name: str,
    server_settings: Mapping[str, str] = SERVER_SETTINGS,
    pool_timeout: float = POOL_TIMEOUT_SECONDS,
    connect_timeout: float = CONNECT_TIMEOUT_SECONDS,
) -> AsyncEngine:
    """An engine whose connections have our timeouts, speak UTC and use orjson. Connects at first use."""
    engine = create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"),
        poolclass=CountingPool,
        pool_size=pool_size,
        max_overflow=max_overflow,
        pool_timeout=pool_timeout,
        pool_recycle=1800,
        pool_use_lifo=True,
        hide_parameters=True,  # of a statement that fails: its message gets into logs
        json_serializer=_to_json,
        json_deserializer=orjson.loads,
        connect_args={
            "async_creator_fn": _connect,
            "timeout": connect_timeout,
            "server_settings": {**server_settings, "application_name": application_name},
        },
    )
    event.listen(engine.sync_engine, "connect", _watch)
    event.listen(engine.sync_engine, "checkout", _discard_closed)
    return engine


def forget_plans(engine: AsyncEngine) -> None:
    """Has every connection of the pool prepare its statements again before using them, after a change of the schema.

    SQLAlchemy does that itself when it meets a stale plan, but it does not see the bare driver's errors.
    """
    engine.sync_engine.dialect._invalidate_schema_cache()  # type: ignore[attr-defined]


async def _connect(*args: Any, **kwargs: Any) -> asyncpg.Connection:
    """Raises DatabaseUnreachable in place of OSErrors, which could be anybody's."""
    try:
        return await asyncpg.connect(*args, **kwargs)
    except OSError as error:
        raise DatabaseUnreachable(f"no connection to the database: {error!r}") from error


def _to_json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _watch(dbapi_connection: Any, *_: Any) -> None:
    """Lets the kernel end a connection whose other side is gone."""
    transport = dbapi_connection.driver_connection._transport
    with socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno())) as connected:
        if connected.family != socket.AF_UNIX:
            for name, (level, value) in TCP_OPTIONS.items():
                if hasattr(socket, name):
                    connected.setsockopt(level, getattr(socket, name), value)


def _discard_closed(dbapi_connection: Any, *_: Any) -> None:
    """Replaces connections that a restarted server closed, without the round trip of a ping."""
    if dbapi_connection.driver_connection.is_closed():
        raise DisconnectionError


class PoolStats(NamedTuple):
    """Connections a pool may open, those at work, and the check-outs that found none free since the start."""

    limit: int
    in_use: int
    waits: int


class CountingPool(AsyncAdaptedQueuePool):
    """SQLAlchemy's asyncio pool; `waits` grows with each check-out that has to wait."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.waits = 0

    def _do_get(self) -> Any:
        if self._pool.empty() and self.overflow() >= self._max_overflow > -1:
            self.waits += 1
        return super()._do_get()

    def recreate(self) -> QueuePool:
        """The pool that takes over after `dispose`; it goes on counting."""
        successor = super().recreate()
        if isinstance(successor, CountingPool):
            successor.waits = self.waits
        return successor


def pool_stats(engine: AsyncEngine) -> PoolStats:
    """How busy the pool of `engine` is; zeros for pools that do not count."""
    pool = engine.pool
    if not isinstance(pool, CountingPool):
        return PoolStats(0, 0, 0)
    return PoolStats(pool.size() + max(0, pool._max_overflow), pool.checkedout(), pool.waits)
