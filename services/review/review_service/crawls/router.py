"""Crawls over HTTP, for admins, and the partner sites for anybody."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from review_service.crawls import queries, service
from review_service.crawls.errors import SiteNotConfigured, UnknownSite
from review_service.crawls.schemas import CrawlItem, CrawlRequest, CrawlStarted, Sites
from review_service.deps import EXPERIENCE, PUBLIC_SECONDS
from shared.auth.dependencies import AdminUser
from shared.auth.errors import AdminRequired
from shared.schemas.keyset import InvalidCursor
from shared.schemas.text import Text
from shared.web.answers import ModelAnswer
from shared.web.deps import RuntimeDep, Session
from shared.web.paging import Listing, bare_list
from shared.web.problems import responses
from shared.web.response_cache import cached_response
from shared.web.routes import public

router = APIRouter(prefix=EXPERIENCE)
TAG = "crawls"


@router.post(
    "/crawl",
    tags=[TAG],
    status_code=202,
    response_model=CrawlStarted,
    responses=responses(AdminRequired, SiteNotConfigured, UnknownSite),
)
async def start_crawl(
    session: Session, runtime: RuntimeDep, admin: AdminUser, body: CrawlRequest | None = None
) -> Response:
    """Crawl one partner site, or all, in the background; `GET /api/experience/crawls` has the progress."""
    site = body.site if body else None
    sites = service.chosen_sites(runtime.settings.partner_sites, site)
    started = await service.start(session, sites=sites, started_by=f"admin {admin.user_id}")
    status = "started" if started else "already running" if sites else "no site is configured"
    crawled = None if site else sorted(started)
    return ModelAnswer(CrawlStarted(status=status, site=site, sites_crawled=crawled))


@router.get(
    "/crawls", tags=[TAG], response_model=list[CrawlItem], responses=responses(AdminRequired, InvalidCursor)
)
async def list_crawls(
    request: Request,
    runtime: RuntimeDep,
    _: AdminUser,
    query: Listing,
    site: Annotated[str | None, Text(0, 50), Query(description="exactly")] = None,
) -> Response:
    """Crawls and their errors, newest first; the Link and X-Next-Cursor headers lead to the next page."""
    rows, last = await queries.crawls(
        runtime.database, site=site or None, limit=query.limit, before=query.before
    )
    return bare_list(request, query, rows, last)


@router.get("/sites", tags=["listings"], response_model=Sites, dependencies=[public])
async def get_sites(request: Request, runtime: RuntimeDep) -> Response:
    """All partner sites and the result of their last crawls."""
    entry = await queries.sites(runtime.database, runtime.cache)
    return cached_response(request, entry, key=queries.SITES_KEY, max_age=PUBLIC_SECONDS)
