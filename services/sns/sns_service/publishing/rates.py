"""How many posts a second a network gets, from all workers together. A row per network knows when it is free again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import asyncpg

AHEAD: Final = timedelta(seconds=2.5)
"""Places that are free within this are given out, and waited for. Beyond it posts go back into the queue, to be out of
it again so long before their place: longer than coming out takes, so that no place stays free meanwhile."""
MAX_WAIT_FOR_PLACE: Final = timedelta(minutes=1)
"""The longest wait before a post asks again: places of posts that were unscheduled stay free for no longer."""

_LOCK = """
    SELECT platform, next_at, promised_at FROM network_rates WHERE platform = ANY($1) ORDER BY platform FOR UPDATE
"""
_MAKE = "INSERT INTO network_rates (platform) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING"
_MOVE = """
    UPDATE network_rates AS rate SET next_at = given.next_at, promised_at = given.promised_at
    FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) AS given(platform, next_at, promised_at)
    WHERE rate.platform = given.platform
"""


@dataclass(slots=True)
class Line:
    """The posts before one network. `next_at`: its first free place; `promised_at`: the first that nobody waits for."""

    every: timedelta
    next_at: datetime
    promised_at: datetime

    def take(self, now: datetime) -> tuple[timedelta, bool]:
        """How long to wait, and whether it is the post's turn then; otherwise it has to ask again."""
        self.next_at = max(self.next_at, now)
        wait = self.next_at - now
        if wait <= AHEAD:
            self.next_at += self.every
            return wait, True
        place = max(self.promised_at, self.next_at)
        wait = place - AHEAD - now
        if wait > MAX_WAIT_FOR_PLACE:
            return MAX_WAIT_FOR_PLACE, False
        self.promised_at = place + self.every
        return wait, False


class RateLimiter:
    """The places that one batch may take. Only the networks in `lines` have a limit."""

    def __init__(self, lines: Mapping[str, Line], now: datetime) -> None:
        self._lines = lines
        self._now = now

    def take(self, platform: str) -> tuple[timedelta, bool]:
        """As Line.take; at once where there is no limit."""
        line = self._lines.get(platform)
        return (timedelta(0), True) if line is None else line.take(self._now)

    def state(self) -> tuple[list[str], list[datetime], list[datetime]]:
        """The networks, and what their rows say from now on."""
        lines = self._lines.values()
        return list(self._lines), [line.next_at for line in lines], [line.promised_at for line in lines]


async def places(
    connection: asyncpg.Connection, rates: Mapping[str, float], platforms: set[str], now: datetime
) -> RateLimiter:
    """The places at these networks, which nobody else gives out until the transaction ends."""
    limited = sorted(platforms & rates.keys())
    if not limited:
        return RateLimiter({}, now)
    rows = await connection.fetch(_LOCK, limited)
    if len(rows) < len(limited):
        await connection.execute(_MAKE, limited)
        rows = await connection.fetch(_LOCK, limited)
    lines = {
        row["platform"]: Line(
            timedelta(seconds=1 / rates[row["platform"]]), row["next_at"], row["promised_at"]
        )
        for row in rows
    }
    return RateLimiter(lines, now)


async def give_out(connection: asyncpg.Connection, given: RateLimiter) -> None:
    """Write down what was taken and promised."""
    platforms, *moments = given.state()
    if platforms:
        await connection.execute(_MOVE, platforms, *moments)
