"""Clients of Redis with the timeouts that their work needs: a cache gives up sooner than a reader of a stream."""

from __future__ import annotations

from typing import Any

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff, NoBackoff

REDIS_CONNECT_SECONDS = 1.0
REDIS_ANSWER_SECONDS = 5.0
"""Longer than anything that blocks in Redis on purpose, such as reading a stream."""


def with_timeout(redis: Redis, *, seconds: float) -> Redis:
    """A client with a pool of its own that waits this long for an answer, never retries by itself and returns bytes.

    The caller closes it. Not retrying matters to subscriptions: redis-py would silently renew a lost one.
    """
    pool: Any = redis.connection_pool
    options = {
        **pool.connection_kwargs,
        "socket_timeout": seconds,
        "socket_connect_timeout": min(seconds, 1.0),
        "retry": Retry(NoBackoff(), 0),
        "health_check_interval": 0,
        "decode_responses": False,
    }
    return Redis.from_pool(ConnectionPool(connection_class=pool.connection_class, **options))


def connect_redis(url: str) -> Redis:
    """A client that gives up within seconds; it connects at first use, and again after an outage."""
    return Redis.from_url(
        url,
        socket_connect_timeout=REDIS_CONNECT_SECONDS,
        socket_timeout=REDIS_ANSWER_SECONDS,
        socket_keepalive=True,
        health_check_interval=30,
        retry=Retry(ExponentialBackoff(cap=0.1, base=0.01), 1),
    )
