"""Clients of the same Redis with other patience: who only caches gives up sooner than who waits for a stream."""

from __future__ import annotations

from typing import Any

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff


def with_patience(redis: Redis, *, seconds: float) -> Redis:
    """A client of its own pool, that waits so long for an answer, never tries again by itself and gives bytes.

    The caller closes it. Not trying again matters to subscriptions: redis-py would renew a lost one without a word.
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
