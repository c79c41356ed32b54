"""The consumer groups of a stream: how far each has come, and letting go of one that nobody runs any more."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from shared.events.upkeep import CREATED, trim_stream

ALIVE_SECONDS: Final = 10.0
"""A group was in use so lately that its worker may run."""
BEAT_SECONDS: Final = 2.0
"""How often a worker shows that it runs, whatever keeps it from reading: full lanes, dead letters, PostgreSQL away."""
NO_ENTRY: Final = "0-1"


@dataclass(frozen=True, slots=True)
class GroupState:
    """One group. `oldest_seconds`: how long ago the first event that it has not finished was published, 0 if there is
    none. `idle_seconds`: since one of its workers last ran; None if none ever did. `age_seconds`: since the group was
    created; None if it was made by hand."""

    name: str
    unread: int
    unfinished: int
    oldest_seconds: float
    idle_seconds: float | None
    age_seconds: float | None = None

    @property
    def unused_seconds(self) -> float:
        """How long it has had no worker, as far as can be known."""
        known = [self.idle_seconds, self.age_seconds, self.oldest_seconds]
        return next(seconds for seconds in known if seconds is not None)

    def is_abandoned(self, limit: float) -> bool:
        """Whether events wait for it, and no worker has run for longer than `limit` seconds."""
        return bool(self.unread or self.unfinished) and self.unused_seconds > limit


class GroupInUse(Exception):
    """A worker of the group ran `idle` seconds ago, so it may run still; `wait`: seconds until it may be dropped."""

    def __init__(self, idle: float) -> None:
        super().__init__(f"a worker ran {idle:.0f} s ago")
        self.idle = idle
        self.wait = ALIVE_SECONDS - idle


async def group_states(redis: Redis, stream: str) -> list[GroupState]:
    """Of every group, the one that is furthest behind first; empty while the stream does not exist."""
    client: Any = redis
    if not await client.exists(stream):
        return []
    states = [await _state(client, stream, group) for group in await client.xinfo_groups(stream)]
    return sorted(states, key=lambda state: (-state.oldest_seconds, state.name))


async def drop_group(redis: Redis, stream: str, group: str) -> bool:
    """Remove a group, and from the stream what only this group had not finished; whether there was one.

    Raises GroupInUse while a worker of it runs, and for ALIVE_SECONDS after.
    """
    found = {state.name: state for state in await group_states(redis, stream)}.get(group)
    if found is None:
        return False
    if found.idle_seconds is not None and found.idle_seconds < ALIVE_SECONDS:
        raise GroupInUse(found.idle_seconds)
    await trim_stream(redis, stream, handled_kept_ms=0, drop=group)
    return True


async def show_alive(redis: Redis, streams: Sequence[str], group: str, reader: str) -> None:
    """Tell Redis that `reader` runs, which a reading does too.

    Claims an entry that does not exist: XCLAIM changes nothing else then, and creates no group.
    """
    client: Any = redis
    for stream in streams:
        try:
            await client.xclaim(stream, group, reader, 0, [NO_ENTRY], justid=True)
        except ResponseError as error:
            if "NOGROUP" not in str(error):
                raise


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
    idle = {_text(consumer["name"]): consumer["idle"] / 1000 for consumer in consumers}
    age = idle.pop(CREATED, None)
    return GroupState(
        name=name,
        unread=unread,
        unfinished=group["pending"],
        oldest_seconds=max(time.time() - int(_text(first).split("-")[0]) / 1000, 0.0) if first else 0.0,
        idle_seconds=min(idle.values(), default=None),
        age_seconds=age,
    )


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
