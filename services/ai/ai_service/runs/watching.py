"""A run's live view as server-sent events: what was written so far, what is being written, and how it ended.

Nothing is held open for a watcher but its connection: it looks into the run's stream several times a second, and every
two seconds into the database, so that it also ends where Redis, the worker or the run is gone.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

from redis.asyncio import Redis

from ai_service.runs import queries
from ai_service.runs.errors import RunNotFound, TooManyWatchers
from ai_service.runs.live import AT_A_TIME, pieces_after
from ai_service.runs.rules import OPEN
from shared.runtime import Runtime
from shared.schemas.json import dumps

PAUSE_SECONDS: Final = 0.2
LOOK_SECONDS: Final = 2.0
"""Each look says something to the client, far oftener than the gateway's read timeout of 12 s."""
MAX_SECONDS: Final = 300.0
"""Then the client comes back by itself, and its token is looked at again."""
MAX_WATCHERS: Final = 500
"""Of one process."""
START: Final = "0-0"
HEADERS: Final = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}
"""Nobody on the way may keep, compress or gather what is sent."""


class Watchers:
    """Those of one process: how many there are, and the Redis client by which they look into streams."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self.count = 0

    def admit(self) -> None:
        """Raises TooManyWatchers."""
        if self.count >= MAX_WATCHERS:
            raise TooManyWatchers(retry_after=5)


@dataclass(frozen=True, slots=True)
class Watched:
    """Whose run is watched, from which position of its stream."""

    user_id: int
    employee_id: int
    run_id: int
    position: str


async def watch(runtime: Runtime, watchers: Watchers, watched: Watched) -> AsyncIterator[bytes]:
    """The events, until the run is over, the process stops, or it has been long enough."""
    watchers.count += 1
    try:
        yield b"retry: 1000\n\n"
        async for event in _events(runtime, watchers.redis, watched):
            yield event
    finally:
        watchers.count -= 1


async def _events(runtime: Runtime, redis: Redis, watched: Watched) -> AsyncIterator[bytes]:
    position, said, looks_at = watched.position, "", 0.0
    ends_at = time.monotonic() + MAX_SECONDS
    while time.monotonic() < ends_at and not runtime.draining:
        pieces = await pieces_after(redis, watched.run_id, position)
        for piece in pieces:
            position = piece.id
            if piece.kind != "ended":
                yield _event(piece.kind, piece.data, id_=piece.id)
        if len(pieces) == AT_A_TIME:
            continue
        if time.monotonic() >= looks_at or any(piece.kind == "ended" for piece in pieces):
            status = await queries.status(runtime.database, run_id=watched.run_id)
            looks_at = time.monotonic() + LOOK_SECONDS
            if status not in OPEN:
                async for last in _last(runtime, redis, watched, position):
                    yield last
                return
            yield _event("status", dumps({"status": status})) if status != said else b": still here\n\n"
            said = status
        await asyncio.sleep(PAUSE_SECONDS)


async def _last(runtime: Runtime, redis: Redis, watched: Watched, position: str) -> AsyncIterator[bytes]:
    """What was written between the last look into the stream and the end, and the run as it is now."""
    for piece in await pieces_after(redis, watched.run_id, position):
        if piece.kind != "ended":
            yield _event(piece.kind, piece.data, id_=piece.id)
    try:
        run: dict[str, Any] = await queries.one(
            runtime.database,
            user_id=watched.user_id,
            employee_id=watched.employee_id,
            run_id=watched.run_id,
        )
    except RunNotFound:
        return
    yield _event("done", dumps(run))


def _event(kind: str, data: bytes, *, id_: str | None = None) -> bytes:
    """JSON has no line breaks outside of its strings, and in them they are written as signs."""
    head = f"id: {id_}\n" if id_ else ""
    return f"{head}event: {kind}\ndata: ".encode() + data + b"\n\n"
