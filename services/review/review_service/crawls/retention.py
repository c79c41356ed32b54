"""Crawls and listings that are long over: partner sites decide how many there are, so they do not stay for ever."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, func, select

from review_service.crawls.models import Crawl
from review_service.listings.models import Listing
from shared.db.database import Database

CRAWLS_KEPT: Final = timedelta(days=90)
LISTINGS_KEPT: Final = timedelta(days=180)
"""A listing that comes back after that gets a new id."""
AT_A_TIME: Final = 1_000


async def forget_old(database: Database) -> int:
    """Remove crawls that ended, and listings that were retired, long ago; how many of both."""
    ended = await _forget(database, Crawl, Crawl.finished_at < func.now() - CRAWLS_KEPT)
    return ended + await _forget(database, Listing, Listing.retired_at < func.now() - LISTINGS_KEPT)


async def _forget(database: Database, table: type[Crawl | Listing], old: ColumnElement[bool]) -> int:
    """Some in a transaction. What is crawled in this moment is left alone."""
    chosen: Any = select(table.id).where(old).limit(AT_A_TIME).with_for_update(skip_locked=True)
    forgotten, some = 0, AT_A_TIME
    while some == AT_A_TIME:
        async with database.session() as session:
            ids = list(await session.scalars(chosen))
            some = len(ids)
            await session.execute(delete(table).where(table.id.in_(ids)))
        forgotten += some
    return forgotten
