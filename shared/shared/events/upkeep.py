"""Keeping streams short without losing what somebody still needs."""

from __future__ import annotations

import time
from typing import Any, Final

from redis.asyncio import Redis

KEPT_MS: Final = 3_600_000
"""Handled events stay an hour, for people who look at them; the outbox has them for longer."""


async def trim_stream(redis: Redis, stream: str) -> None:
    """Remove what every group has handled. Nothing while no group exists: somebody may be about to start."""
    unhandled = await _first_unhandled(redis, stream)
    if unhandled is not None:
        oldest = min(unhandled, (int(time.time() * 1000) - KEPT_MS, 0))
        await redis.xtrim(stream, minid=f"{max(oldest[0], 0)}-{oldest[1]}", approximate=True)


async def _first_unhandled(redis: Redis, stream: str) -> tuple[int, int] | None:
    if not await redis.exists(stream):
        return None
    firsts: list[tuple[int, int]] = []
    for group in await redis.xinfo_groups(stream):
        pending: Any = await redis.xpending(stream, group["name"])
        delivered = _parse(group["last-delivered-id"])
        firsts.append(_parse(pending["min"]) if pending["pending"] else delivered)
    return min(firsts, default=None)


def _parse(message: bytes | str) -> tuple[int, int]:
    text = message.decode() if isinstance(message, bytes) else message
    milliseconds, _, sequence = text.partition("-")
    return int(milliseconds), int(sequence or 0)
