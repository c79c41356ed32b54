"""Clients of Redis with the timeouts that their work needs: a cache gives up sooner than a reader of a stream.

Every command passes through `_observed`: it is timed there, and counted where it fails.
"""

from __future__ import annotations

from collections.abc import Awaitable
from time import perf_counter
from typing import Any

from prometheus_client import Counter, Histogram
from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.client import Pipeline
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff, NoBackoff
from redis.exceptions import NoScriptError, ResponseError

from shared import spans
from shared.labelled import Labelled

REDIS_CONNECT_SECONDS = 1.0
REDIS_ANSWER_SECONDS = 5.0
"""Longer than anything that blocks in Redis on purpose, such as reading a stream."""

command_seconds = Histogram(
    "redis_command_duration_seconds",
    "Time of a command, or of a pipeline as a whole; without reads that wait for something new.",
    ["command"],
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1, 5),
)
errors_total = Counter("redis_command_errors", "Commands that failed, also for time.", ["command"])
_seconds_of = Labelled(command_seconds, at_most=100)
_errors_of = Labelled(errors_total, at_most=100)
_SPAN = {"db.system.name": "redis"}
EXPECTED = ("BUSYGROUP", "NOGROUP")
"""Answers that say how things are, and no failure."""
_WAITING = ("XREADGROUP", "XREAD")


class ObservedRedis(Redis):
    """A client whose commands are timed."""

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        name = str(args[0])
        sent = super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        return await _observed(name, sent, timed=not _waits(name, args))

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        return _ObservedPipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)


class _ObservedPipeline(Pipeline):
    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        answers: list[Any] = await _observed("PIPELINE", super().execute(raise_on_error))
        return answers


async def _observed(name: str, sent: Awaitable[Any], *, timed: bool = True) -> Any:
    started, failed = perf_counter(), False
    try:
        return await sent
    except BaseException as error:  # also the caller's own timeout
        failed = not _is_answer(error)
        if failed:
            _errors_of(name).inc()
        raise
    finally:
        if timed:
            seconds = perf_counter() - started
            _seconds_of(name).observe(seconds)
            if spans.listener is not None:
                spans.listener(name, seconds, _SPAN, failed)


def _is_answer(error: BaseException) -> bool:
    """Whether Redis said what the caller expects now and then: a group or a script is there already, or is not yet."""
    return isinstance(error, NoScriptError) or (
        isinstance(error, ResponseError) and str(error).startswith(EXPECTED)
    )


def _waits(name: str, args: tuple[Any, ...]) -> bool:
    return name in _WAITING and (b"BLOCK" in args or "BLOCK" in args)


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
    return ObservedRedis.from_pool(ConnectionPool(connection_class=pool.connection_class, **options))


def connect_redis(url: str) -> Redis:
    """A client that gives up within seconds; it connects at first use, and again after an outage."""
    return ObservedRedis.from_url(
        url,
        socket_connect_timeout=REDIS_CONNECT_SECONDS,
        socket_timeout=REDIS_ANSWER_SECONDS,
        socket_keepalive=True,
        health_check_interval=30,
        retry=Retry(ExponentialBackoff(cap=0.1, base=0.01), 1),
    )
