"""What admins read of crawls, and anybody of the partner sites."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on

from review_service.crawls.models import Crawl
from review_service.crawls.schemas import CrawlItem, SiteItem, Sites
from review_service.crawls.sites import SITES
from review_service.listings import catalogue
from review_service.listings.models import Listing
from shared.cache import Cache, Entry
from shared.db.database import Database
from shared.schemas.json import dumps
from shared.schemas.keyset import split_page

COLUMNS: Final = (
    Crawl.id,
    Crawl.site,
    Crawl.status,
    Crawl.started_by,
    Crawl.created_at,
    Crawl.started_at,
    Crawl.finished_at,
    Crawl.pages,
    Crawl.unchanged_pages,
    Crawl.found,
    Crawl.added,
    Crawl.updated,
    Crawl.retired,
    Crawl.skipped,
    Crawl.error,
)
SITES_KEY: Final = "listings:sites"


async def crawls(
    database: Database, *, site: str | None, limit: int, before: int | None
) -> tuple[Sequence[CrawlItem], int | None]:
    """Crawls, newest first, and the id after which the next page starts."""
    query = select(*COLUMNS).order_by(Crawl.id.desc()).limit(limit + 1)
    if site is not None:
        query = query.where(Crawl.site == site)
    if before is not None:
        query = query.where(Crawl.id < before)
    async with database.read(fresh=True) as connection:
        found = [CrawlItem(**row) for row in (await connection.execute(query)).mappings()]
    rows, last = split_page(found, limit)
    return rows, last.id if last else None


async def sites(database: Database, cache: Cache) -> Entry:
    """All partner sites as JSON."""
    load = partial(_load_sites, database)
    return await catalogue.cached(cache, SITES_KEY, load, at_first_sight=True)


async def _load_sites(database: Database, *, fresh: bool) -> bytes:
    counts = select(Listing.site, func.count()).where(*catalogue.shown()).group_by(Listing.site)
    over = Crawl.status.in_(("succeeded", "failed", "suspicious"))
    last = select(Crawl.site, Crawl.status).where(over).ext(distinct_on(Crawl.site))
    good = select(Crawl.site, func.max(Crawl.finished_at)).where(Crawl.status == "succeeded")
    async with database.read(fresh=fresh) as connection:
        count = dict((await connection.execute(counts)).all())
        status = dict((await connection.execute(last.order_by(Crawl.site, Crawl.id.desc()))).all())
        crawled = dict((await connection.execute(good.group_by(Crawl.site))).all())
    items = {
        site: SiteItem(
            name=known.name,
            count=count.get(site, 0),
            status=status.get(site, "never"),
            last_crawled_at=crawled.get(site),
        )
        for site, known in SITES.items()
    }
    return dumps(Sites(sites=items))
