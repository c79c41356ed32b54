"""The consumer groups of a stream: how far each has come, and keeping the stream short without losing what one of them
has not finished.

Entries that every group has finished are removed after an hour, or at once if the stream is full. A stream without
groups keeps a day, and loses its oldest entries when it is full.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import ResponseError

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
    """All groups, the one that is furthest behind first; empty while the stream does not exist."""
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
    """Tell Redis that `reader` runs, as reading does too.

    It claims an entry that does not exist: XCLAIM then changes nothing else, and creates no group.
    """
    client: Any = redis
    for stream in streams:
        try:
            await client.xclaim(stream, group, reader, 0, [NO_ENTRY], justid=True)
        except ResponseError as error:
            if "NOGROUP" not in str(error):
                raise


async def _state(client: Any, stream: str, group: Any) -> GroupState:
    """Redis does not know how many are unread if entries were deleted by hand; then it is at most the whole stream."""
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


HANDLED_KEPT_MS: Final = 3_600_000
"""Handled events stay an hour, for people who look at them; the outbox has them for longer."""
CREATED: Final = "created"
"""A consumer of every group that never reads: Redis tells when a consumer last asked, and not how old a group is."""
UNREAD_KEPT_MS: Final = 86_400_000
"""For streams without a group: for people who look at them, and for a new group."""

# In one step, since a group that is created between the look and the trimming would lose what it was created for.
# XTRIM of Redis 8.2 knows ACKED for this; Valkey does not.
_TRIM: Final = """
    if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
    if ARGV[4] ~= '' then redis.call('XGROUP', 'DESTROY', KEYS[1], ARGV[4]) end
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    local groups = redis.call('XINFO', 'GROUPS', KEYS[1])
    if #groups == 0 then
        local oldest = string.format('%.0f-0', math.max(now - ARGV[2], 0))
        local removed = redis.call('XTRIM', KEYS[1], 'MINID', oldest)
        if ARGV[3] ~= '' then removed = removed + redis.call('XTRIM', KEYS[1], 'MAXLEN', ARGV[3]) end
        return removed
    end
    local oldest, sequence = math.max(now - ARGV[1], 0), 0
    for _, fields in ipairs(groups) do
        local group = {}
        for i = 1, #fields, 2 do group[fields[i]] = fields[i + 1] end
        local first, after = redis.call('XPENDING', KEYS[1], group['name'])[2], 0
        if not first then first, after = group['last-delivered-id'], 1 end
        local ms, number = string.match(first, '(%d+)-(%d+)')
        ms, number = tonumber(ms), tonumber(number) + after
        if ms < oldest or (ms == oldest and number < sequence) then oldest, sequence = ms, number end
    end
    return redis.call('XTRIM', KEYS[1], 'MINID', string.format('%.0f-%.0f', oldest, sequence))
"""


async def trim_stream(
    redis: Redis,
    stream: str,
    *,
    handled_kept_ms: int = HANDLED_KEPT_MS,
    unread_kept_ms: int = UNREAD_KEPT_MS,
    most_unread: int | None = None,
    drop: str = "",
) -> int:
    """Remove what every group has finished; without groups, what is old, and the oldest beyond `most_unread`. Returns
    how many entries. `drop`: leave this group out from now on."""
    most = "" if most_unread is None else most_unread
    client: Any = redis
    return int(await client.eval(_TRIM, 1, stream, handled_kept_ms, unread_kept_ms, most, drop))


async def create_group(redis: Redis, stream: str, group: str) -> None:
    """Creates a group that reads the stream from its beginning; does nothing if it exists."""
    try:
        await redis.xgroup_create(stream, group, id="0", mkstream=True)
    except ResponseError as error:
        if "BUSYGROUP" not in str(error):
            raise
    await redis.xgroup_createconsumer(stream, group, CREATED)  # changes nothing where it exists
