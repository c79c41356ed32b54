"""Bringing the listings in line with what a visit found, in one short transaction."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import ColumnElement, case, delete, func, literal_column, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from review_service.crawls.crawling import Gathered, KnownPage
from review_service.crawls.fetching import Seen
from review_service.crawls.models import CrawledPage
from review_service.crawls.suspicion import Limits, answered_by_a_later_one, doubt, missed
from review_service.listings.models import Listing
from shared.schemas.dates import utcnow

AT_A_TIME: Final = 500
SHOWN: Final = ("title", "url", "deadline", "image_url", "category", "description", "reward")


async def known_pages(session: AsyncSession, site: str) -> dict[str, KnownPage]:
    """The site's pages as they were the last time, by their addresses."""
    pages = (await session.scalars(select(CrawledPage).where(CrawledPage.site == site))).all()
    return {page.url: KnownPage(Seen(page.etag, page.last_modified), page.next_url) for page in pages}


async def store(
    session: AsyncSession, *, site: str, crawl_id: int, gathered: Gathered, limits: Limits
) -> dict[str, Any]:
    """Add, update and retire the site's listings; how many of each, and how the crawl ended, as columns of the crawl.

    One that is not believed retires nothing, and the pages are forgotten: the next crawl reads them in full.
    """
    known = await _open(session, Listing.site == site)
    counts: dict[str, Any] = {
        "found": len(gathered.listings),
        "added": 0,
        "updated": 0,
        "skipped": gathered.skipped,
    }
    # one order, so that two who store the same rows do not wait in a circle
    rows = [
        {**asdict(listing), "site": site, "page_url": page_url, "crawl_id": crawl_id}
        for _, (listing, page_url) in sorted(gathered.listings.items())
    ]
    for start in range(0, len(rows), AT_A_TIME):
        for inserted, changed in await _upsert(session, rows[start : start + AT_A_TIME]):
            counts["added"] += inserted
            counts["updated"] += changed and not inserted
    await _see_unchanged(session, site=site, crawl_id=crawl_id, unchanged=gathered.unchanged)
    gone = await _open(session, *missed(site, crawl_id))
    await answered_by_a_later_one(session, site)
    if odd := doubt(known=known, gone=gone, unread=gathered.unread, limits=limits):
        counts |= {"status": "suspicious", "error": odd}
        await _forget_pages(session, site, but=())
    else:
        counts |= {"status": "succeeded", "retired": await _retire_the_rest(session, site, crawl_id)}
        await _remember_pages(session, site, gathered.pages)
    return counts | {"pages": len(gathered.pages), "unchanged_pages": len(gathered.unchanged)}


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


async def _open(session: AsyncSession, *which: ColumnElement[bool]) -> int:
    """How many are on the board and not past their deadline."""
    ahead = or_(Listing.deadline.is_(None), Listing.deadline > func.now())
    query = select(func.count()).select_from(Listing).where(*which, Listing.retired_at.is_(None), ahead)
    return (await session.scalars(query)).one()


async def _see_unchanged(session: AsyncSession, *, site: str, crawl_id: int, unchanged: list[str]) -> None:
    """The listings of pages that have not changed count as seen."""
    if unchanged:
        await session.execute(
            update(Listing)
            .where(Listing.site == site, Listing.page_url.in_(unchanged), Listing.retired_at.is_(None))
            .values(crawl_id=crawl_id)
        )


async def _retire_the_rest(session: AsyncSession, site: str, crawl_id: int) -> int:
    """What this visit has not seen; how many."""
    gone = update(Listing).where(*missed(site, crawl_id)).values(retired_at=func.now()).returning(Listing.id)
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
