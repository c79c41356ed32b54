"""How a process connects to PostgreSQL: the engine of each of its pools."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from typing import Any

import asyncpg
import orjson
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shared.db.failures import DatabaseUnreachable
from shared.db.pool import ObservedPool
from shared.db.statements import ObservedConnection, observe

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
    pool: str = "primary",
) -> AsyncEngine:
    """An engine whose connections have our timeouts, speak UTC and use orjson. Connects at first use.

    `pool` is its pool's name in the metrics.
    """
    engine = create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"),
        poolclass=ObservedPool,
        pool_logging_name=pool,
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
    observe(engine.sync_engine)
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
        return await asyncpg.connect(*args, connection_class=ObservedConnection, **kwargs)
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
