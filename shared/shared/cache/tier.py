"""The second tier: entries in Redis, each behind the versions that its tags had before it was loaded.

A tag's version is a random mark that every invalidation replaces. An entry counts only while the versions in front of
it are the current ones, so neither a load that raced a write nor a copy that survived one is ever served. Versions are
never counters: those could repeat after Redis lost its data.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from redis.asyncio import Redis

from shared.cache.entry import Entry

EVERYTHING: Final = "*"
"""A tag that every entry carries."""
VERSION_MS: Final = 3_600_000
"""A tag nobody touches loses its version, and what was stored under it is loaded again."""
LOCK_MS: Final = 5_000
"""How long others wait for a loader that died."""
SETTLED_MS: Final = 5_000
"""So long after a write every replica that is still read from has it: twice what `shared.db.replica` lets one lag."""

_FIND = """
local versions = {}
local settled = 1
for i = 3, #KEYS do
    local version = redis.call('GET', KEYS[i])
    if not version then
        version = ARGV[1]
        redis.call('SET', KEYS[i], version, 'PX', ARGV[3])
    end
    if redis.call('PTTL', KEYS[i]) > ARGV[3] - ARGV[4] then settled = 0 end
    versions[#versions + 1] = version
end
local prefix = table.concat(versions, ',') .. '\\n'
local stored = redis.call('GET', KEYS[1])
if stored and string.sub(stored, 1, #prefix) == prefix then
    return {prefix, string.sub(stored, #prefix + 1), 0, settled}
end
local locked = redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2])
return {prefix, false, locked and 1 or 0, settled}
"""
_STORE = """
if redis.call('GET', KEYS[2]) == ARGV[1] then redis.call('DEL', KEYS[2]) end
local versions = {}
for i = 3, #KEYS do versions[#versions + 1] = redis.call('GET', KEYS[i]) or '' end
if table.concat(versions, ',') .. '\\n' ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[2] .. ARGV[3], 'PX', ARGV[4])
return 1
"""
_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"
_BUMP = """
for i = 1, #KEYS do redis.call('SET', KEYS[i], ARGV[1], 'PX', ARGV[2]) end
redis.call('PUBLISH', ARGV[3], ARGV[4])
"""


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to a look-up. Without an entry: whether it is now on us to load it."""

    entry: Entry | None
    prefix: bytes
    """The versions of the tags at the look-up."""
    token: str
    locked: bool
    settled: bool
    """No tag was written in the last seconds (or is new to Redis): a replica that keeps up has all of it."""


class RedisTier:
    """One namespace. Every method is one round trip and raises what redis-py raises."""

    def __init__(self, redis: Redis, namespace: str) -> None:
        self._base = f"{{cache:{namespace}}}:"  # the braces keep all keys in one slot of a Redis cluster
        self.channel = f"{self._base}dropped"
        self._origin = secrets.token_hex(8)
        self._find, self._store, self._release, self._bump = (
            redis.register_script(source) for source in (_FIND, _STORE, _RELEASE, _BUMP)
        )

    async def find(self, key: str, tags: Sequence[str]) -> Found:
        """The entry if its tags' versions are current; else possibly the right to load it."""
        token = secrets.token_hex(8)
        prefix, stored, locked, settled = await self._find(
            keys=self._keys(key, tags), args=[token, LOCK_MS, VERSION_MS, SETTLED_MS]
        )
        entry = None if stored is None else Entry.decoded(stored)
        return Found(entry, prefix, token, bool(locked), bool(settled))

    async def store(
        self, key: str, tags: Sequence[str], entry: Entry, found: Found, *, seconds: float
    ) -> bool:
        """Keep a loaded entry; False when a tag's version has changed since `found`. Ends our right to load."""
        arguments: list[Any] = [found.token, found.prefix, entry.encoded(), max(1, int(seconds * 1000))]
        return bool(await self._store(keys=self._keys(key, tags), args=arguments))

    async def release(self, key: str, found: Found) -> None:
        """Let another one load."""
        await self._release(keys=[self._lock(key)], args=[found.token])

    async def bump(self, tags: Sequence[str]) -> None:
        """Give the tags new versions and tell every process."""
        message = orjson.dumps([self._origin, *tags])
        arguments: list[Any] = [secrets.token_hex(8), VERSION_MS, self.channel, message]
        await self._bump(keys=[self._tag(tag) for tag in tags], args=arguments)

    def heard(self, message: bytes) -> Sequence[str]:
        """The tags that a message on `channel` names; none if it is our own."""
        origin, *tags = orjson.loads(message)
        return () if origin == self._origin else tags

    def _keys(self, key: str, tags: Sequence[str]) -> list[str]:
        versions = [self._tag(tag) for tag in (EVERYTHING, *tags)]
        return [f"{self._base}entry:{key}", self._lock(key), *versions]

    def _lock(self, key: str) -> str:
        return f"{self._base}lock:{key}"

    def _tag(self, tag: str) -> str:
        return f"{self._base}tag:{tag}"
