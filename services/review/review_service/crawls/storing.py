"""Bringing the listings in line with what a visit found, in one short transaction."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import case, delete, func, literal_column, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from review_service.crawls.crawling import Gathered, KnownPage
from review_service.crawls.fetching import Seen
from review_service.crawls.models import CrawledPage
from review_service.listings.models import Listing
from shared.clock import utcnow

AT_A_TIME: Final = 500
SHOWN: Final = ("title", "url", "deadline", "image_url", "category", "description", "reward")


async def known_pages(session: AsyncSession, site: str) -> dict[str, KnownPage]:
    """The site's pages as they were the last time, by their addresses."""
    pages = (await session.scalars(select(CrawledPage).where(CrawledPage.site == site))).all()
    return {page.url: KnownPage(Seen(page.etag, page.last_modified), page.next_url) for page in pages}


async def store(session: AsyncSession, *, site: str, crawl_id: int, gathered: Gathered) -> dict[str, int]:
    """Add, update and retire the site's listings; how many of each, as columns of the crawl."""
    counts = {"found": len(gathered.listings), "added": 0, "updated": 0, "skipped": gathered.skipped}
    # one order, so that two who store the same rows do not wait in a circle
    rows = [
        {**asdict(listing), "site": site, "page_url": page_url, "crawl_id": crawl_id}
        for _, (listing, page_url) in sorted(gathered.listings.items())
    ]
    for start in range(0, len(rows), AT_A_TIME):
        for inserted, changed in await _upsert(session, rows[start : start + AT_A_TIME]):
            counts["added"] += inserted
            counts["updated"] += changed and not inserted
    counts["retired"] = await _retire_the_rest(
        session, site=site, crawl_id=crawl_id, unchanged=gathered.unchanged
    )
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


async def _retire_the_rest(session: AsyncSession, *, site: str, crawl_id: int, unchanged: list[str]) -> int:
    """What this visit has not seen; the listings of pages that have not changed count as seen."""
    if unchanged:
        await session.execute(
            update(Listing)
            .where(Listing.site == site, Listing.page_url.in_(unchanged), Listing.retired_at.is_(None))
            .values(crawl_id=crawl_id)
        )
    gone = (
        update(Listing)
        .where(
            Listing.site == site,
            Listing.retired_at.is_(None),
            Listing.crawl_id.is_distinct_from(crawl_id),
        )
        .values(retired_at=func.now())
        .returning(Listing.id)
    )
    return len((await session.scalars(gone)).all())


async def _remember_pages(session: AsyncSession, site: str, pages: dict[str, KnownPage]) -> None:
    await session.execute(
        delete(CrawledPage).where(CrawledPage.site == site, CrawledPage.url.not_in(list(pages)))
    )
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
