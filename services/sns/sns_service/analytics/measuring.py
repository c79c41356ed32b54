"""Asking the networks for posts' engagement: often while they are new, then less and less, for ninety days.

A run asks for several posts at a time. Nothing that one of them answers stops the others.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import RowMapping, text
from sqlalchemy.exc import DBAPIError

from shared.db.database import Database
from shared.schemas.dates import utcnow
from sns_service.accounts.keyring import Holder, Keyring
from sns_service.networks.errors import NetworkError
from sns_service.networks.network import Adapter, Metrics

logger = logging.getLogger(__name__)
MOST: Final = 500
"""Of posts that are read, asked for and written down together."""
SECONDS: Final = 240.0
"""So long are networks asked, of the five minutes until it is done again."""
TIMEOUT: Final = timedelta(seconds=290)
"""For all of it."""
AGES: Final = (
    (timedelta(hours=2), timedelta(minutes=5)),
    (timedelta(days=1), timedelta(minutes=30)),
    (timedelta(days=7), timedelta(hours=4)),
    (timedelta(days=90), timedelta(days=1)),
)
"""Up to which age a post is measured how often."""
_DUE = text("""
    SELECT p.id, p.network_id, p.published_at, p.account_id, a.platform, a.credentials,
        a.deleted_at IS NOT NULL AS unlinked
    FROM posts AS p JOIN accounts AS a ON a.id = p.account_id
    WHERE p.measure_at <= now() ORDER BY p.measure_at LIMIT :most
""")
_UPDATE = text("""
    UPDATE posts SET measure_at = :measure_at, views = coalesce(:views, views), likes = coalesce(:likes, likes),
        comments = coalesce(:comments, comments), shares = coalesce(:shares, shares)
    WHERE id = :id
""")
AT_A_TIME: Final = 10
CALL_SECONDS: Final = 10.0
"""Of all calls for one post. Counts can wait, and users name the sites that are asked."""
HIGHEST: Final = 2**53
"""What all readers of JSON take for the same number. Beyond it nobody has counted anything."""
MAKES_NO_SENSE: Final = (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError)


class _Done(NamedTuple):
    written: int
    measured: int


def next_time(published_at: datetime, now: datetime) -> datetime | None:
    """When to ask again; None for a post that is too old."""
    age = now - published_at
    return next((now + every for until, every in AGES if age < until), None)


async def measure_due(database: Database, adapters: Mapping[str, Adapter], keyring: Keyring) -> int:
    """Ask for every post whose time has come, as long as there is time; how many were measured."""
    asking, total = MeasurementRun(adapters, keyring, until=time.monotonic() + SECONDS), 0
    while True:
        done = await _measure_some(database, asking)
        total += done.measured
        if not done.written:  # nothing is due, the time is up, or what is left cannot be written down
            return total


class Measured(NamedTuple):
    """What is known now of a post. Its `row` has id, network_id, account_id, platform, credentials and unlinked."""

    row: RowMapping
    counts: Mapping[str, int] | None = None
    """By column. None where they cannot be had now: what is known stays."""
    why: Exception | None = None


class MeasurementRun:
    """Asks until the moment `until` of time.monotonic(). An account that was too slow once is not asked again."""

    def __init__(self, adapters: Mapping[str, Adapter], keyring: Keyring, *, until: float) -> None:
        self._adapters = adapters
        self._keyring = keyring
        self._until = until
        self._slots = asyncio.Semaphore(AT_A_TIME)
        self._slow: dict[int, Exception] = {}

    async def ask(self, row: RowMapping) -> Measured | None:
        """What the network says; None where the time was up before. Raises nothing."""
        if row["unlinked"]:
            return Measured(row)
        async with self._slots:
            if time.monotonic() >= self._until:
                return None
            slow = self._slow.get(row["account_id"])
            return Measured(row, why=slow) if slow else await self._measure(row)

    async def _measure(self, row: RowMapping) -> Measured:
        try:
            async with asyncio.timeout(CALL_SECONDS):
                return Measured(row, _counts(await self._call(row)))
        except TimeoutError as error:
            self._slow[row["account_id"]] = error
            return Measured(row, why=error)
        except (NetworkError, *MAKES_NO_SENSE) as error:
            return Measured(row, why=error)
        except Exception as error:  # ours: one post may not keep the others from being measured
            logger.exception("post %s: measuring failed", row["id"])
            return Measured(row, why=error)

    async def _call(self, row: RowMapping) -> Metrics | None:
        adapter = self._adapters[row["platform"]]
        holder = Holder(row["account_id"], row["platform"], row["credentials"])
        return await self._keyring.use(holder, lambda opened: adapter.measure(opened, row["network_id"]))


async def _measure_some(database: Database, asking: MeasurementRun) -> _Done:
    async with database.read(fresh=True) as connection:
        rows: Sequence[RowMapping] = (await connection.execute(_DUE, {"most": MOST})).mappings().all()
    found = [item for item in await asyncio.gather(*map(asking.ask, rows)) if item is not None]
    if failed := [item for item in found if item.why is not None]:
        first = failed[0]
        logger.info("%s posts cannot be measured, such as %s: %r", len(failed), first.row["id"], first.why)
    written = await _write_down(database, found)
    return _Done(written, sum(item.counts is not None for item in found) if written else 0)


async def _write_down(database: Database, found: Sequence[Measured]) -> int:
    """How many were; where one makes the statement fail, the others are written alone."""
    now = utcnow()
    # In one order, as who else locks many posts: two that wait for each other would both fail.
    values = [_values(item, now) for item in sorted(found, key=lambda item: item.row["id"])]
    if await _write(database, values):
        return len(values)
    return sum([await _write(database, [one]) for one in values])


async def _write(database: Database, values: Sequence[Mapping[str, Any]]) -> bool:
    if not values:
        return False
    try:
        async with database.session() as session:
            await session.execute(_UPDATE, values)
    except DBAPIError as error:
        logger.warning("the counts of %s posts could not be saved: %r", len(values), error.orig)
        return False
    return True


def _values(item: Measured, now: datetime) -> dict[str, Any]:
    """An unlinked account's posts are not asked for until it is linked again."""
    again = None if item.row["unlinked"] else next_time(item.row["published_at"], now)
    counts = item.counts or dict.fromkeys(("views", "likes", "comments", "shares"))
    return {"id": item.row["id"], "measure_at": again, **counts}


def _counts(metrics: Metrics | None) -> Mapping[str, int] | None:
    if metrics is None:
        return None
    return {name: min(max(int(count), 0), HIGHEST) for name, count in asdict(metrics).items()}
