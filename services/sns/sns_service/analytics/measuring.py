"""Asking the networks what became of posts: often while they are new, then ever less, for ninety days."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import RowMapping, text

from shared.clock import utcnow
from shared.runtime import Runtime
from sns_service.accounts.keyring import Holder, Keyring
from sns_service.networks.network import Metrics, Network, NetworkError

logger = logging.getLogger(__name__)

MOST: Final = 500
AT_A_TIME: Final = 10
AGES: Final = (
    (timedelta(hours=2), timedelta(minutes=5)),
    (timedelta(days=1), timedelta(minutes=30)),
    (timedelta(days=7), timedelta(hours=4)),
    (timedelta(days=90), timedelta(days=1)),
)
"""Up to which age a post is measured how often."""
_DUE = text("""
    SELECT p.id, p.network_id, p.published_at, p.account_id, a.platform, a.credentials
    FROM posts AS p JOIN accounts AS a ON a.id = p.account_id
    WHERE p.measure_at <= now() AND a.deleted_at IS NULL ORDER BY p.measure_at LIMIT :most
""")
_UPDATE = text("""
    UPDATE posts SET measure_at = :measure_at, views = coalesce(:views, views), likes = coalesce(:likes, likes),
        comments = coalesce(:comments, comments), shares = coalesce(:shares, shares)
    WHERE id = :id
""")


class _Measured(NamedTuple):
    row: RowMapping
    metrics: Metrics | None
    """None where they cannot be had now: what is known stays."""
    why: Exception | None = None


def next_time(published_at: datetime, now: datetime) -> datetime | None:
    """When to ask again; None for a post that is too old."""
    age = now - published_at
    return next((now + every for until, every in AGES if age < until), None)


async def measure_due(runtime: Runtime, networks: Mapping[str, Network], keyring: Keyring) -> int:
    """Ask for every post whose time has come, at most MOST of them; how many were measured."""
    async with runtime.database.read(fresh=True) as connection:
        rows = (await connection.execute(_DUE, {"most": MOST})).mappings().all()
    slots = asyncio.Semaphore(AT_A_TIME)

    async def one(row: RowMapping) -> _Measured:
        async with slots:
            return await _measure(keyring, networks[row["platform"]], row)

    measured = await asyncio.gather(*map(one, rows))
    if measured:
        now = utcnow()
        async with runtime.database.session() as session:
            await session.execute(_UPDATE, [_values(item, now) for item in measured])
    if failed := [item for item in measured if item.why is not None]:
        first = failed[0]
        logger.info("%s posts cannot be measured, such as %s: %r", len(failed), first.row["id"], first.why)
    return sum(item.metrics is not None for item in measured)


async def _measure(keyring: Keyring, network: Network, row: RowMapping) -> _Measured:
    holder = Holder(row["account_id"], row["platform"], row["credentials"])
    try:
        metrics = await keyring.use(holder, lambda opened: network.measure(opened, row["network_id"]))
    except (NetworkError, KeyError, TypeError, ValueError) as error:
        return _Measured(row, None, error)
    return _Measured(row, metrics)


def _values(item: _Measured, now: datetime) -> dict[str, Any]:
    counts = {name: getattr(item.metrics, name, None) for name in ("views", "likes", "comments", "shares")}
    return {
        "id": item.row["id"],
        "measure_at": next_time(item.row["published_at"], now),
        **counts,
    }
