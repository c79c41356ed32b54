"""The second tier: entries in Redis, each behind the versions that its tags had before it was loaded.

A tag's version is a random mark that every invalidation replaces. An entry counts only while the versions in front of
it are the current ones, so neither a load that raced a write nor a copy that survived one is ever served. Versions are
never counters: those could repeat after Redis lost its data.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

import orjson
from redis.asyncio import Redis

from shared.cache import scripts
from shared.cache.memory import MAX_ENTRY_BYTES, Entry

EVERYTHING: Final = "*"
"""A tag that every entry carries."""
VERSION_MS: Final = 3_600_000
"""A tag that nobody writes loses its version; what was stored under that has expired long before."""
MAX_ENTRY_MS: Final = VERSION_MS // 2
LOCK_MS: Final = 5_000
"""How long others wait for a loader that died."""
SETTLED_MS: Final = 5_000
"""So long after a write every replica that is still read from has it: twice what `shared.db.replica` lets one lag."""
RECORD_PLACES: Final = 2**18
MARK_BYTES: Final = 4
"""What was asked for leaves a mark in one of so many places, 1 MB in all, until another key's takes it."""


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
    asked_before: bool
    """Somebody looked for the key not long ago; also where that was not to be found out."""


class RedisTier:
    """One namespace. Every method is one round trip and raises redis-py's errors.

    Its entries take at most `share` bytes of Redis, including the keys and the index.
    """

    def __init__(self, redis: Redis, namespace: str, *, share: int) -> None:
        self._base = f"{{cache:{namespace}}}:"  # the braces keep all keys in one slot of a Redis cluster
        self.channel = f"{self._base}dropped"
        self._share = share
        self._origin = secrets.token_hex(8)
        sources = (scripts.FIND, scripts.STORE, scripts.RELEASE, scripts.BUMP)
        self._find, self._store, self._release, self._bump = map(redis.register_script, sources)

    async def find(self, key: str, tags: Sequence[str], *, note: bool) -> Found:
        """The entry if its tags' versions are current; else possibly the right to load it.

        `note` checks whether the key was requested before, and records this request.
        """
        token = secrets.token_hex(8)
        place, mark = _record(key) if note else (0, b"")
        prefix, stored, locked, settled, before = await self._find(
            keys=[self._entry(key), self._lock(key), f"{self._base}asked", *self._versions(tags)],
            args=[token, LOCK_MS, VERSION_MS, SETTLED_MS, place, mark],
        )
        entry = None if stored is None else Entry.decoded(stored)
        return Found(entry, prefix, token, bool(locked), bool(settled), bool(before))

    def has_room_for(self, entry: Entry) -> bool:
        """Whether an entry is not too large to be stored."""
        return len(entry.body) <= min(MAX_ENTRY_BYTES, self._share // 2)

    async def store(
        self, key: str, tags: Sequence[str], entry: Entry, found: Found, *, seconds: float
    ) -> bool:
        """Keep a loaded entry; False when a tag's version has changed since `found`. Ends our right to load it."""
        content = entry.encoded()
        milliseconds = min(max(1, int(seconds * 1000)), MAX_ENTRY_MS)
        cost = _cost(key, content)
        index = [f"{self._base}index", f"{self._base}sizes"]
        keys = [self._entry(key), self._lock(key), *index, *self._versions(tags)]
        arguments: list[Any] = [
            found.token,
            found.prefix,
            content,
            milliseconds,
            cost,
            self._share,
            VERSION_MS,
        ]
        return bool(await self._store(keys=keys, args=arguments))

    async def release(self, key: str, found: Found) -> None:
        """Let another one load."""
        await self._release(keys=[self._lock(key)], args=[found.token])

    async def bump(self, tags: Sequence[str]) -> None:
        """Give the tags new versions and tell every process."""
        message = orjson.dumps([self._origin, *tags])
        arguments: list[Any] = [secrets.token_hex(8), VERSION_MS, self.channel, message]
        await self._bump(keys=[self._tag(tag) for tag in tags], args=arguments)

    def tags_of_message(self, message: bytes) -> Sequence[str]:
        """The tags that a message on `channel` names; none if it is our own."""
        origin, *tags = orjson.loads(message)
        return () if origin == self._origin else tags

    def _versions(self, tags: Sequence[str]) -> list[str]:
        return [self._tag(tag) for tag in (EVERYTHING, *tags)]

    def _entry(self, key: str) -> str:
        return f"{self._base}entry:{key}"

    def _lock(self, key: str) -> str:
        return f"{self._base}lock:{key}"

    def _tag(self, tag: str) -> str:
        return f"{self._base}tag:{tag}"


def _record(key: str) -> tuple[int, bytes]:
    digest = blake2b(key.encode(), digest_size=4 + MARK_BYTES).digest()
    return int.from_bytes(digest[:4]) % RECORD_PLACES * MARK_BYTES, digest[4:]


def _cost(key: str, content: bytes) -> int:
    """Bytes, estimated high: an allocator's size classes are up to a quarter apart, and the key is stored in three
    places."""
    return (len(content) + 3 * len(key.encode())) * 5 // 4 + 600
