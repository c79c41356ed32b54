"""The consumer groups of a stream: how far each has come, and letting go of one that nobody runs any more."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Final

from redis.asyncio import Redis

from shared.events.upkeep import trim_stream

ALIVE_SECONDS: Final = 10.0
"""A worker that runs asks its streams for more every half second."""


@dataclass(frozen=True, slots=True)
class GroupState:
    """One group. `oldest_seconds`: how long ago the first event that it has not finished was published, 0 if there is
    none. `idle_seconds`: since one of its workers last asked for events; None if none ever did."""

    name: str
    unread: int
    unfinished: int
    oldest_seconds: float
    idle_seconds: float | None


class GroupInUse(Exception):
    """A worker of the group runs."""


async def group_states(redis: Redis, stream: str) -> list[GroupState]:
    """Of every group, the one that is furthest behind first; empty while the stream does not exist."""
    client: Any = redis
    if not await client.exists(stream):
        return []
    states = [await _state(client, stream, group) for group in await client.xinfo_groups(stream)]
    return sorted(states, key=lambda state: (-state.oldest_seconds, state.name))


async def drop_group(redis: Redis, stream: str, group: str) -> bool:
    """Remove a group, and from the stream what only this group had not finished; whether there was one.

    Raises GroupInUse while a worker of it runs.
    """
    found = {state.name: state for state in await group_states(redis, stream)}.get(group)
    if found is None:
        return False
    if found.idle_seconds is not None and found.idle_seconds < ALIVE_SECONDS:
        raise GroupInUse
    await trim_stream(redis, stream, handled_kept_ms=0, drop=group)
    return True


async def _state(client: Any, stream: str, group: Any) -> GroupState:
    """Redis does not know how many are unread where entries were deleted by hand; all of the stream then, at most."""
    name, delivered = _text(group["name"]), _text(group["last-delivered-id"])
    following = await client.xrange(stream, min=f"({delivered}", count=1)
    unread = group["lag"]
    if unread is None:
        unread = await client.xlen(stream) if following else 0
    first = following[0][0] if following else None
    if group["pending"]:
        first = (await client.xpending(stream, name))["min"] or first
    consumers = await client.xinfo_consumers(stream, name)
    return GroupState(
        name=name,
        unread=unread,
        unfinished=group["pending"],
        oldest_seconds=max(time.time() - int(_text(first).split("-")[0]) / 1000, 0.0) if first else 0.0,
        idle_seconds=min((consumer["idle"] / 1000 for consumer in consumers), default=None),
    )


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
