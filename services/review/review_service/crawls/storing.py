"""What of crawls is stored: the listings brought in line with what a visit found, in one short transaction.

Crawls and listings that are long over are forgotten: partner sites decide how many there are.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, case, delete, func, literal_column, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from review_service.crawls.crawling import CrawlResult, KnownPage
from review_service.crawls.fetching import CacheValidators
from review_service.crawls.models import Crawl, CrawledPage
from review_service.crawls.suspicion import (
    SuspicionLimits,
    close_superseded,
    missed_listings,
    reason_for_suspicion,
)
from review_service.listings.models import Listing
from shared.db.database import Database
from shared.schemas.dates import utcnow

AT_A_TIME: Final = 500
CRAWLS_KEPT: Final = timedelta(days=90)
LISTINGS_KEPT: Final = timedelta(days=180)
"""A listing that comes back after that gets a new id."""
FORGOTTEN_AT_A_TIME: Final = 1_000
SHOWN: Final = ("title", "url", "deadline", "image_url", "category", "description", "reward")


@dataclass(slots=True)
class CrawlOutcome:
    """How a crawl ended, and how many listings and pages it was; each a column of the crawl."""

    found: int
    skipped: int
    pages: int
    unchanged_pages: int
    added: int = 0
    updated: int = 0
    retired: int = 0
    status: Literal["succeeded", "suspicious"] = "succeeded"
    error: str | None = None


async def known_pages(session: AsyncSession, site: str) -> dict[str, KnownPage]:
    """The site's pages as they were the last time, by their addresses."""
    pages = (await session.scalars(select(CrawledPage).where(CrawledPage.site == site))).all()
    return {
        page.url: KnownPage(CacheValidators(page.etag, page.last_modified), page.next_url) for page in pages
    }


async def store(
    session: AsyncSession, *, site: str, crawl_id: int, result: CrawlResult, limits: SuspicionLimits
) -> CrawlOutcome:
    """Add, update and retire the site's listings.

    One that is not believed retires nothing, and the pages are forgotten: the next crawl reads them in full.
    """
    known = await _count_open(session, Listing.site == site)
    outcome = CrawlOutcome(
        found=len(result.listings),
        skipped=result.skipped,
        pages=len(result.pages),
        unchanged_pages=len(result.unchanged),
    )
    # one order, so that two who store the same rows do not wait in a circle
    rows = [
        {**asdict(listing), "site": site, "page_url": page_url, "crawl_id": crawl_id}
        for _, (listing, page_url) in sorted(result.listings.items())
    ]
    for start in range(0, len(rows), AT_A_TIME):
        for inserted, changed in await _upsert(session, rows[start : start + AT_A_TIME]):
            outcome.added += inserted
            outcome.updated += changed and not inserted
    await _mark_unchanged_as_seen(session, site=site, crawl_id=crawl_id, unchanged=result.unchanged)
    gone = await _count_open(session, *missed_listings(site, crawl_id))
    await close_superseded(session, site)
    if reason := reason_for_suspicion(known=known, gone=gone, unread=result.unread, limits=limits):
        outcome.status, outcome.error = "suspicious", reason
        await _forget_pages(session, site, but=())
    else:
        outcome.retired = await _retire_the_rest(session, site, crawl_id)
        await _remember_pages(session, site, result.pages)
    return outcome


async def forget_old(database: Database) -> int:
    """Remove crawls that ended, and listings that were retired, long ago; how many of both."""
    ended = await _forget(database, Crawl, Crawl.finished_at < func.now() - CRAWLS_KEPT)
    return ended + await _forget(database, Listing, Listing.retired_at < func.now() - LISTINGS_KEPT)


async def _upsert(session: AsyncSession, rows: list[dict[str, Any]]) -> list[tuple[bool, bool]]:
    """Per row: whether it is new, and whether it changed or came back."""
    statement, now = insert(Listing).values(rows), utcnow()
    new = statement.excluded
    differs = tuple_(*(getattr(Listing, name) for name in SHOWN)).is_distinct_from(
        tuple_(*(getattr(new, name) for name in SHOWN))
    )
    upsert: Any = statement.on_conflict_do_update(
        index_elements=["site", "external_id"],
        set_={
            **{name: getattr(new, name) for name in (*SHOWN, "page_url", "crawl_id")},
            "updated_at": case((differs | Listing.retired_at.is_not(None), now), else_=Listing.updated_at),
            "retired_at": None,
        },
    ).returning(literal_column("xmax = 0").label("inserted"), Listing.updated_at == now)
    return [(bool(inserted), bool(changed)) for inserted, changed in await session.execute(upsert)]


async def _count_open(session: AsyncSession, *which: ColumnElement[bool]) -> int:
    """How many are on the board and not past their deadline."""
    ahead = or_(Listing.deadline.is_(None), Listing.deadline > func.now())
    query = select(func.count()).select_from(Listing).where(*which, Listing.retired_at.is_(None), ahead)
    return (await session.scalars(query)).one()


async def _mark_unchanged_as_seen(
    session: AsyncSession, *, site: str, crawl_id: int, unchanged: list[str]
) -> None:
    """The listings of pages that have not changed count as seen."""
    if unchanged:
        await session.execute(
            update(Listing)
            .where(Listing.site == site, Listing.page_url.in_(unchanged), Listing.retired_at.is_(None))
            .values(crawl_id=crawl_id)
        )


async def _retire_the_rest(session: AsyncSession, site: str, crawl_id: int) -> int:
    """What this visit has not seen; how many."""
    gone = (
        update(Listing)
        .where(*missed_listings(site, crawl_id))
        .values(retired_at=func.now())
        .returning(Listing.id)
    )
    return len((await session.scalars(gone)).all())


async def _forget_pages(session: AsyncSession, site: str, *, but: Collection[str]) -> None:
    others = CrawledPage.url.not_in(list(but))
    await session.execute(delete(CrawledPage).where(CrawledPage.site == site, others))


async def _remember_pages(session: AsyncSession, site: str, pages: dict[str, KnownPage]) -> None:
    await _forget_pages(session, site, but=pages)
    statement = insert(CrawledPage).values(
        [
            {"site": site, "url": url, **asdict(page.seen), "next_url": page.next_url}
            for url, page in pages.items()
        ]
    )
    new = statement.excluded
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["site", "url"],
            set_={
                "etag": new.etag,
                "last_modified": new.last_modified,
                "next_url": new.next_url,
                "fetched_at": func.now(),
            },
        )
    )


async def _forget(database: Database, table: type[Crawl | Listing], old: ColumnElement[bool]) -> int:
    """Some in a transaction. What is crawled in this moment is left alone."""
    chosen: Any = select(table.id).where(old).limit(FORGOTTEN_AT_A_TIME).with_for_update(skip_locked=True)
    forgotten, some = 0, FORGOTTEN_AT_A_TIME
    while some == FORGOTTEN_AT_A_TIME:
        async with database.session() as session:
            ids = list(await session.scalars(chosen))
            some = len(ids)
            await session.execute(delete(table).where(table.id.in_(ids)))
        forgotten += some
    return forgotten
