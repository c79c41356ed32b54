"""How many posts a network gets a second, from all workers together. A row per network knows when it is free again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import asyncpg

AHEAD: Final = timedelta(seconds=2.5)
"""Places that are free within this are given out, and waited for; beyond it posts go back into the queue. It is longer
than they need to come out of it again, so that no place stays free meanwhile."""

_LOCK = "SELECT platform, next_at FROM network_rates WHERE platform = ANY($1) ORDER BY platform FOR UPDATE"
_MAKE = "INSERT INTO network_rates (platform) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING"
_MOVE = """
    UPDATE network_rates AS rate SET next_at = given.next_at
    FROM unnest($1::text[], $2::timestamptz[]) AS given(platform, next_at) WHERE rate.platform = given.platform
"""


class Places:
    """The places that one batch may take. Only the networks in `rates` (posts a second) have a limit."""

    def __init__(self, rates: Mapping[str, float], free_at: Mapping[str, datetime], now: datetime) -> None:
        self._every = {platform: timedelta(seconds=1 / rates[platform]) for platform in free_at}
        self._next = {platform: max(moment, now) for platform, moment in free_at.items()}
        self._refused = dict.fromkeys(free_at, 0)
        self._now = now
        self.taken = False

    def take(self, platform: str) -> tuple[timedelta, bool]:
        """How long to wait, and whether it is the post's turn then; otherwise it has to ask again."""
        if platform not in self._next:
            return timedelta(0), True
        wait = self._next[platform] - self._now
        if wait > AHEAD:
            self._refused[platform] += 1
            return wait + self._every[platform] * self._refused[platform], False
        self._next[platform] += self._every[platform]
        self.taken = True
        return wait, True

    def state(self) -> tuple[list[str], list[datetime]]:
        """The networks, and from when on they are free."""
        return list(self._next), list(self._next.values())


async def places(
    connection: asyncpg.Connection, rates: Mapping[str, float], platforms: set[str], now: datetime
) -> Places:
    """The places at these networks, which nobody else gives out until the transaction ends."""
    limited = sorted(platforms & rates.keys())
    if not limited:
        return Places(rates, {}, now)
    rows = await connection.fetch(_LOCK, limited)
    if len(rows) < len(limited):
        await connection.execute(_MAKE, limited)
        rows = await connection.fetch(_LOCK, limited)
    return Places(rates, {row["platform"]: row["next_at"] for row in rows}, now)


async def give_out(connection: asyncpg.Connection, given: Places) -> None:
    """Write down what was taken."""
    if given.taken:
        await connection.execute(_MOVE, *given.state())
