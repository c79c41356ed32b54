"""Keeping a stream short without losing what a consumer group has not finished.

What every group has finished goes after an hour, from a full stream at once. A stream that no group reads keeps a day,
and loses its oldest entries when it is full.
"""

from __future__ import annotations

from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import ResponseError

HANDLED_KEPT_MS: Final = 3_600_000
"""Handled events stay an hour, for people who look at them; the outbox has them for longer."""
CREATED: Final = "created"
"""A consumer of every group that never reads: Redis tells when a consumer last asked, and not how old a group is."""
UNREAD_KEPT_MS: Final = 86_400_000
"""Of a stream without a group: for people who look, and for a group that is new."""

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
    """Remove what every group has finished; where there is no group, what is old, and the oldest beyond `most_unread`.
    How many entries. `drop`: without this group from now on."""
    most = "" if most_unread is None else most_unread
    client: Any = redis
    return int(await client.eval(_TRIM, 1, stream, handled_kept_ms, unread_kept_ms, most, drop))


async def create_group(redis: Redis, stream: str, group: str) -> None:
    """That gets what is in the stream from its beginning; nothing happens where it exists."""
    try:
        await redis.xgroup_create(stream, group, id="0", mkstream=True)
    except ResponseError as error:
        if "BUSYGROUP" not in str(error):
            raise
    await redis.xgroup_createconsumer(stream, group, CREATED)  # changes nothing where it exists
