"""Starting crawls, and running them."""

from __future__ import annotations

import logging
from collections.abc import Container, Iterable
from dataclasses import asdict
from datetime import timedelta
from typing import Any, Final

from prometheus_client import Counter
from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from review_service.crawls import storing
from review_service.crawls.crawling import CrawlResult, KnownPage, crawl_pages
from review_service.crawls.errors import SiteFailed, SiteNotConfigured, UnknownSite
from review_service.crawls.fetching import TIMEOUT, Fetcher
from review_service.crawls.models import Crawl
from review_service.crawls.public_network import PublicTransport
from review_service.crawls.sites import SITES
from review_service.crawls.suspicion import SuspicionLimits
from review_service.listings.models import ALL_LISTINGS
from review_service.settings import ReviewSettings
from shared.cache import Cache
from shared.db.database import Database
from shared.jobs import enqueue
from shared.observability.http_client import ObservedClient

logger = logging.getLogger(__name__)

crawls_total = Counter("crawls", "Crawls of partner sites that ended.", ["site", "status"])
JOB: Final = "crawls.run"
OPEN: Final = ("queued", "running")
GIVEN_UP_AFTER: Final = timedelta(hours=1)
MAX_ERROR: Final = 500


def chosen_sites(addresses: Container[str], site: str | None) -> list[str]:
    """The site, or all, of those that have an address. Raises UnknownSite or SiteNotConfigured."""
    if site is None:
        return [name for name in SITES if name in addresses]
    if site not in SITES:
        raise UnknownSite.among(SITES)
    if site not in addresses:
        raise SiteNotConfigured
    return [site]


async def start(session: AsyncSession, *, sites: Iterable[str], started_by: str) -> set[str]:
    """Have the sites crawled by the worker. Which ones; the others are being crawled already."""
    await _give_up_lost(session)
    rows = [{"site": site, "started_by": started_by} for site in sorted(sites)]
    if not rows:
        return set()
    statement = insert(Crawl).values(rows).on_conflict_do_nothing().returning(Crawl.id, Crawl.site)
    made = (await session.execute(statement)).all()
    for crawl_id, site in made:
        await enqueue(session, JOB, {"crawl_id": crawl_id, "site": site})
    return {site for _, site in made}


async def run(database: Database, cache: Cache, *, settings: ReviewSettings, crawl_id: int) -> None:
    """Visit the crawl's site and bring its listings in line. A site that fails keeps the listings that it had, and one
    that seems to have lost most of them does so until an operator decides.

    May run again after a crash; what is over already is left alone.
    """
    async with database.session() as session:
        site = await _begin(session, crawl_id)
        known = await storing.known_pages(session, site) if site else {}
    if site is None:
        return
    try:
        result = await _visit(settings, site, known)
    except SiteFailed as failure:
        logger.warning("crawl %d of %s failed: %s", crawl_id, site, failure)
        await _finish(database, cache, crawl_id, status="failed", error=str(failure)[:MAX_ERROR])
        crawls_total.labels(site, "failed").inc()
        return
    async with database.session() as session:
        outcome = await storing.store(
            session, site=site, crawl_id=crawl_id, result=result, limits=_limits(settings)
        )
        await _end(session, crawl_id, **asdict(outcome))
        cache.invalidate_after_commit(session, ALL_LISTINGS)
    crawls_total.labels(site, outcome.status).inc()
    if outcome.status == "suspicious":
        logger.warning(
            "crawl %d of %s is suspicious; the listings are kept: %s", crawl_id, site, outcome.error
        )


def _limits(settings: ReviewSettings) -> SuspicionLimits:
    return SuspicionLimits(share=settings.crawl_suspicious_share, least=settings.crawl_suspicious_from)


async def _visit(settings: ReviewSettings, site: str, known: dict[str, KnownPage]) -> CrawlResult:
    address = settings.partner_sites.get(site)
    if address is None:
        raise SiteFailed("its address is no longer configured (PARTNER_SITES)")
    transport = PublicTransport(settings.crawl_private_hosts)
    async with ObservedClient("partner_site", transport=transport, timeout=TIMEOUT, trust_env=False) as http:
        fetcher = Fetcher(http, delay=settings.crawl_delay_seconds)
        return await crawl_pages(fetcher, SITES[site].adapter, start=address, known=known)


async def _begin(session: AsyncSession, crawl_id: int) -> str | None:
    statement = (
        update(Crawl)
        .where(Crawl.id == crawl_id, Crawl.status.in_(OPEN))
        .values(status="running", started_at=func.now())
        .returning(Crawl.site)
    )
    site: str | None = await session.scalar(statement)
    return site


async def _finish(database: Database, cache: Cache, crawl_id: int, **values: Any) -> None:
    async with database.session() as session:
        await _end(session, crawl_id, **values)
        cache.invalidate_after_commit(session, ALL_LISTINGS)


async def _end(session: AsyncSession, crawl_id: int, **values: Any) -> None:
    await session.execute(
        update(Crawl)
        .where(Crawl.id == crawl_id, Crawl.status.in_(OPEN))
        .values(finished_at=func.clock_timestamp(), **values)
    )


async def _give_up_lost(session: AsyncSession) -> None:
    """A crawl whose job is held or lost must not keep its site from being crawled for ever."""
    await session.execute(
        update(Crawl)
        .where(
            Crawl.status.in_(OPEN),
            func.coalesce(Crawl.started_at, Crawl.created_at) < func.now() - GIVEN_UP_AFTER,
        )
        .values(status="failed", finished_at=func.now(), error="The crawl did not end within an hour.")
    )
