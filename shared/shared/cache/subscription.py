"""Whether Redis can be trusted: a live subscription to what other processes invalidate.

Redis is used only while the subscription is alive. An outage ends it, so no request has to wait for a timeout to
notice. Invalidations that were not possible meanwhile are done before Redis is used again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeout

from shared.cache.redis_tier import EVERYTHING, RedisTier
from shared.tasks import cancel_and_wait

logger = logging.getLogger(__name__)

OUTAGES: Final = (RedisError, OSError, TimeoutError)
PING_SECONDS: Final = 1.0
MAX_UNANSWERED: Final = 2
"""Pings in a row. Not a time: that also passes while this process is busy and reads nothing, as at a slow start."""
RETRY_SECONDS: Final = 0.1
MAX_RETRY_SECONDS: Final = 1.0
MAX_TIMEOUTS: Final = 3
MAX_PENDING: Final = 10_000


class Subscription:
    """`up` says whether Redis may be used.

    `dropped` is called with the tags that others invalidated, and with EVERYTHING whenever some may have been missed.
    """

    def __init__(self, redis: Redis, tier: RedisTier, dropped: Callable[[Sequence[str]], None]) -> None:
        self._redis = redis
        self._tier = tier
        self._dropped = dropped
        self.up = False
        self._pending_tags: set[str] = set()
        self._server: object = None
        self._runner: asyncio.Task[None] | None = None
        self._attempt: asyncio.Task[None] | None = None
        self._timeouts = 0
        self._first = asyncio.Event()
        self._was_up = False

    async def start(self) -> None:
        """Begin; returns when the subscription is up, or when the first attempt has failed."""
        self._runner = asyncio.create_task(self._run(), name="cache: subscription")
        await self._first.wait()

    async def close(self) -> None:
        """Stop using Redis."""
        await cancel_and_wait(*(task for task in (self._runner, self._attempt) if task is not None))
        self._turn(up=False)

    def invalidate_later(self, tags: Iterable[str]) -> None:
        """Remember tags to invalidate in Redis once it is back."""
        self._pending_tags.update(tags)
        if len(self._pending_tags) > MAX_PENDING:
            self._pending_tags = {EVERYTHING}

    def succeeded(self) -> None:
        """A command was answered."""
        self._timeouts = 0

    def failed(self, error: Exception) -> None:
        """A command failed. One late answer may be our own busy event loop's fault; three in a row are not."""
        self._timeouts += 1
        if self._timeouts >= MAX_TIMEOUTS or not isinstance(error, TimeoutError | RedisTimeout):
            self.broken(error)

    def broken(self, reason: object) -> None:
        """Redis is out of use from now on, until a new subscription stands."""
        if self.up:
            logger.warning("cache: continues without Redis: %r", reason)
        self._turn(up=False)
        if self._attempt is not None:
            self._attempt.cancel()

    def _turn(self, *, up: bool) -> None:
        """Memory is cleared whenever the subscription breaks or comes back: messages were missed, or may have been."""
        if self.up or up:
            self.up = up
            self._dropped((EVERYTHING,))

    async def _run(self) -> None:
        pause = RETRY_SECONDS
        while True:
            self._was_up = False
            self._attempt = asyncio.create_task(self._follow(), name="cache: subscription")
            await asyncio.wait({self._attempt})
            error = None if self._attempt.cancelled() else self._attempt.exception()
            if error is not None and not isinstance(error, OUTAGES):
                logger.error("cache: the subscription failed", exc_info=error)
            self.broken(error)
            self._first.set()
            pause = RETRY_SECONDS if self._was_up else min(pause * 2, MAX_RETRY_SECONDS)
            await asyncio.sleep(pause)

    async def _follow(self) -> None:
        channel: Any = self._redis.pubsub()
        async with channel:
            await channel.subscribe(self._tier.channel)
            confirmed = await channel.get_message(timeout=PING_SECONDS)
            if confirmed is None:
                raise TimeoutError("the subscription was not confirmed")
            await self._catch_up()
            logger.info("cache: uses Redis")
            self._first.set()
            await self._listen(channel)

    async def _catch_up(self) -> None:
        """Invalidate the pending tags; everything, if the server is another one or was restarted."""
        await self._redis.connection_pool.disconnect(inuse_connections=False)
        server = (await self._redis.info("server")).get("run_id")
        if self._server not in {None, server}:
            self.invalidate_later((EVERYTHING,))
        while self._pending_tags:
            batch = sorted(self._pending_tags)[:1000]
            await self._tier.bump(batch)
            self._pending_tags.difference_update(batch)
        self._server = server
        self._timeouts = 0
        self._was_up = True
        self._turn(up=True)

    async def _listen(self, channel: Any) -> None:
        unanswered = 0
        while self.up:
            message = await channel.get_message(timeout=PING_SECONDS)
            if message is None:
                if unanswered == MAX_UNANSWERED:
                    raise TimeoutError("the subscription is silent")
                await channel.ping()
                unanswered += 1
                continue
            unanswered = 0
            if message["type"] == "message":
                self._dropped(self._tier.tags_of_message(message["data"]))
            elif message["type"] == "subscribe":
                raise ConnectionError("the subscription was renewed, so messages may have been missed")
