"""What the cache holds, and its first tier: a bounded number of entries in this process. The least used are evicted
first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

MAX_ENTRY_BYTES: Final = 512_000
"""Larger answers are not kept in any tier: a few of them would push out everything else."""
OVERHEAD_BYTES: Final = 800
"""For Python's objects around an entry: they take 400, or 700 where its tag is its own."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Finished bytes and the quoted ETag that tells them apart."""

    body: bytes
    etag: str

    @classmethod
    def of(cls, body: bytes) -> Entry:
        """An entry whose ETag follows from the bytes alone, so that all processes give the same."""
        return cls(body, f'"{blake2b(body, digest_size=12).hexdigest()}"')

    def encoded(self) -> bytes:
        """As Redis holds it."""
        return self.etag.encode() + b"\n" + self.body

    @classmethod
    def decoded(cls, content: bytes) -> Entry:
        """The reverse of `encoded`."""
        etag, _, body = content.partition(b"\n")
        return cls(body, etag.decode())


@dataclass(slots=True)
class Kept:
    """An entry in memory, until `expires` on the monotonic clock."""

    entry: Entry
    tags: tuple[str, ...]
    expires: float


class Memory:
    """At most `max_entries` and about `max_bytes`, including the keys. `kept` may be read; `put` and the drop methods
    change it."""

    def __init__(self, max_entries: int, max_bytes: int) -> None:
        self.kept: OrderedDict[str, Kept] = OrderedDict()
        self.bytes = 0
        self._by_tag: dict[str, set[str]] = {}
        self._max_entries = max_entries
        self._max_bytes = max_bytes

    def put(self, key: str, kept: Kept, *, rare: bool = False) -> None:
        """Keep it, and evict what no longer fits: `rare` entries first, until they are used again."""
        self._remove(key)
        if len(kept.entry.body) > MAX_ENTRY_BYTES:
            return
        self.kept[key] = kept
        if rare:
            self.kept.move_to_end(key, last=False)
        self.bytes += _size(key, kept)
        for tag in kept.tags:
            self._by_tag.setdefault(tag, set()).add(key)
        while len(self.kept) > self._max_entries or self.bytes > self._max_bytes:
            self._remove(next(iter(self.kept)))

    def drop(self, tags: Iterable[str]) -> None:
        """Forget whatever carries one of the tags."""
        for tag in tags:
            for key in tuple(self._by_tag.get(tag, ())):
                self._remove(key)

    def clear(self) -> None:
        """Forget everything."""
        self.kept.clear()
        self._by_tag.clear()
        self.bytes = 0

    def _remove(self, key: str) -> None:
        kept = self.kept.pop(key, None)
        if kept is None:
            return
        self.bytes -= _size(key, kept)
        for tag in kept.tags:
            keys = self._by_tag[tag]
            keys.discard(key)
            if not keys:
                del self._by_tag[tag]


def _size(key: str, kept: Kept) -> int:
    return len(kept.entry.body) + 4 * len(key) + OVERHEAD_BYTES  # a key may have characters of four bytes
