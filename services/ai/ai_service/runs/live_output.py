"""What a run is writing just now: a short Redis stream per run. It may be lost; the database has the result."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from shared.schemas.json import dumps

logger = logging.getLogger(__name__)

MAX_PIECES: Final = 2000
KEPT_SECONDS: Final = 900
GATHER_SECONDS: Final = 0.05
"""Pieces that come faster than that go out together."""
AT_A_TIME: Final = 200


@dataclass(frozen=True, slots=True)
class Piece:
    """One entry. `kind` is `attempt`, `text` or `ended`; `data` JSON."""

    id: str
    kind: str
    data: bytes


def _key(run_id: int) -> str:
    return f"ai:live:{run_id}"


async def pieces_after(redis: Redis, run_id: int, position: str) -> list[Piece]:
    """What came after a position, at most AT_A_TIME; nothing where Redis does not answer."""
    try:
        found: Any = await redis.xrange(_key(run_id), min=f"({position}", count=AT_A_TIME)
    except (RedisError, OSError) as error:
        logger.warning("runs: live updates are unavailable: %r", error)
        return []
    return [Piece(id_.decode(), fields[b"k"].decode(), fields[b"d"]) for id_, fields in found or []]


class LiveWriter:
    """Writes one attempt's pieces. Never raises: after a failure it is silent, and the run goes on."""

    def __init__(self, redis: Redis, *, run_id: int, attempt: int) -> None:
        self._redis = redis
        self._key = _key(run_id)
        self._attempt = attempt
        self._waiting: list[str] = []
        self._sent_at = 0.0
        self._broken = False

    async def begin(self) -> None:
        """A new attempt begins: text written before it no longer counts."""
        await self._add("attempt", {})

    async def text(self, piece: str) -> None:
        """The next piece of the reply."""
        self._waiting.append(piece)
        if time.monotonic() - self._sent_at >= GATHER_SECONDS:
            await self.flush()

    async def flush(self) -> None:
        """Sends what was gathered."""
        text, self._waiting = "".join(self._waiting), []
        self._sent_at = time.monotonic()
        if text:
            await self._add("text", {"text": text})

    async def end(self) -> None:
        """The attempt is over; the database knows how."""
        await self.flush()
        await self._add("ended", {})

    async def _add(self, kind: str, data: dict[str, Any]) -> None:
        if self._broken:
            return
        content: dict[Any, Any] = {"k": kind, "d": dumps({"attempt": self._attempt, **data})}
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.xadd(self._key, content, maxlen=MAX_PIECES, approximate=True)
                pipe.expire(self._key, KEPT_SECONDS)
                await pipe.execute()
        except (RedisError, OSError) as error:
            self._broken = True
            logger.warning("runs: no live updates of %s: %r", self._key, error)
