"""Crawls that may not be believed: why, and what an operator says to it.

A site that shows most of its listings no more has more often changed its pages than ended its campaigns. What such a
crawl found is stored, what it did not find is kept, and somebody who has looked at the site decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from review_service.crawls.errors import NotSuspicious
from review_service.crawls.models import Crawl
from review_service.listings.models import ALL_LISTINGS, Listing
from shared.cache import Cache


@dataclass(frozen=True, slots=True)
class SuspicionLimits:
    """A crawl that loses more than `share` of a site's open listings is suspicious, if there were `least` or more."""

    share: float
    least: int


def reason_for_suspicion(
    *, known: int, gone: int, unread: dict[str, int], limits: SuspicionLimits
) -> str | None:
    """Why a crawl is not believed that did not see `gone` of `known` open listings; None if it is.

    `unread` are pages by their addresses, with how many entries they have, none of which could be read.
    """
    if not gone:
        return None
    if known >= limits.least and gone > known * limits.share:
        return f"{gone} of {known} open listings are no longer on the site"
    return next(
        (f"{url}: none of its {entries} entries can be read" for url, entries in unread.items()), None
    )


def missed_listings(site: Any, crawl_id: Any) -> list[ColumnElement[bool]]:
    """The site's listings on the board that neither this crawl nor one since has seen; values, or columns of Crawl."""
    older = or_(Listing.crawl_id.is_(None), Listing.crawl_id < crawl_id)
    return [Listing.site == site, Listing.retired_at.is_(None), older]


async def undecided(session: AsyncSession) -> Sequence[dict[str, Any]]:
    """The suspicious crawls, and how many listings each would retire."""
    would_retire = (
        select(func.count())
        .where(*missed_listings(Crawl.site, Crawl.id))
        .scalar_subquery()
        .label("would_retire")
    )
    query = select(
        Crawl.id, Crawl.site, Crawl.finished_at, Crawl.found, Crawl.skipped, would_retire, Crawl.error
    )
    found = await session.execute(query.where(Crawl.status == "suspicious").order_by(Crawl.id))
    return [dict(row) for row in found.mappings()]


async def confirm(session: AsyncSession, cache: Cache, *, crawl_id: int) -> int:
    """The site is right: retire what the crawl did not see; how many. Raises NotSuspicious."""
    crawl = await _locked(session, crawl_id)
    retired = update(Listing).where(*missed_listings(crawl.site, crawl_id)).values(retired_at=func.now())
    crawl.retired = len((await session.scalars(retired.returning(Listing.id))).all())
    crawl.status, crawl.error = "succeeded", None
    cache.invalidate_after_commit(session, ALL_LISTINGS)
    return crawl.retired


async def dismiss(session: AsyncSession, cache: Cache, *, crawl_id: int) -> None:
    """The site is wrong: its listings stay, and the next crawl is judged again. Raises NotSuspicious."""
    crawl = await _locked(session, crawl_id)
    crawl.status = "failed"
    cache.invalidate_after_commit(session, ALL_LISTINGS)


async def close_superseded(session: AsyncSession, site: str) -> None:
    """A site was read again: the previous crawl needs no decision."""
    await session.execute(
        update(Crawl).where(Crawl.site == site, Crawl.status == "suspicious").values(status="failed")
    )


async def _locked(session: AsyncSession, crawl_id: int) -> Crawl:
    query = select(Crawl).where(Crawl.id == crawl_id, Crawl.status == "suspicious").with_for_update()
    if (crawl := await session.scalar(query)) is None:
        raise NotSuspicious
    return crawl
