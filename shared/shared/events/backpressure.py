"""Whether a service's stream has room for more events.

If a consumer group is behind, a full stream stays as it is and the relay waits: the outbox has room, and its rows are
not lost with Redis. A service has one stream, so all its events wait, in their order. Events' texts come from columns
with a limited length, so a limit on the number of entries limits memory too.
"""

from __future__ import annotations

import logging
from time import monotonic
from typing import Final

from redis.asyncio import Redis

from shared.events.consumer_groups import group_states, trim_stream
from shared.events.metrics import stream_full

logger = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS: Final = 0.1
MAX_PAUSE_SECONDS: Final = 2.0


class StreamCapacity:
    """How many entries a service's stream has room for. Logs once that it has none, until nothing waits any more."""

    def __init__(self, redis: Redis, stream: str, *, limit: int) -> None:
        self._redis = redis
        self._stream = stream
        self._limit = limit
        self._full_since: float | None = None
        self._pause = FIRST_PAUSE_SECONDS

    @property
    def is_full(self) -> bool:
        """Whether it had none, and events wait since."""
        return self._full_since is not None

    async def measure(self, waiting: int, *, more: bool) -> int:
        """How many entries may be added now; `waiting` want to, and perhaps `more`.

        A full stream is trimmed first, as far as no reader loses anything.
        """
        room = self._limit - await self._redis.xlen(self._stream)
        if room <= 0:
            most = self._limit * 9 // 10
            await trim_stream(self._redis, self._stream, handled_kept_ms=0, most_unread=most)
            room = self._limit - await self._redis.xlen(self._stream)
        if room <= 0:
            await self._stay_full()
            return 0
        self._pause = FIRST_PAUSE_SECONDS
        if self._full_since is not None and room >= waiting and not more:
            seconds = monotonic() - self._full_since
            logger.info("relay: continues; %s was full for %.0f s", self._stream, seconds)
            self.reset()
        return room

    def pause(self) -> float:
        """How long to wait before the next look, in seconds: longer each time."""
        pause = self._pause
        self._pause = min(pause * 2, MAX_PAUSE_SECONDS)
        return pause

    def reset(self) -> None:
        """Forget that it was full: it is not any more, or another process relays."""
        self._full_since, self._pause = None, FIRST_PAUSE_SECONDS
        stream_full.set(0)

    async def _stay_full(self) -> None:
        if self._full_since is None:
            self._full_since = monotonic()
            stream_full.set(1)
            slowest = (await group_states(self._redis, self._stream))[0]
            logger.warning(
                "relay: waits: %s has %s events that the group %s has not finished, the oldest for %.0f s",
                self._stream,
                self._limit,
                slowest.name,
                slowest.oldest_seconds,
            )
