"""Listings over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from review_service.deps import EXPERIENCE, PUBLIC_SECONDS
from review_service.listings import catalogue
from review_service.listings.catalogue import ListingList
from review_service.listings.errors import ListingNotFound
from review_service.listings.schemas import Categories, ListingItem, ListingPage, Stats
from shared.schemas.text import Text
from shared.schemas.types import Id
from shared.web.deps import RuntimeDep
from shared.web.paging import PageQuery, page_query
from shared.web.problems import responses
from shared.web.response_cache import cached_response
from shared.web.routes import public

router = APIRouter(prefix=EXPERIENCE, tags=["listings"])


@router.get("/listings", response_model=ListingPage, dependencies=[public])
async def list_listings(
    request: Request,
    runtime: RuntimeDep,
    page: Annotated[PageQuery, page_query(default=12)],
    site: Annotated[str | None, Text(0, 50), Query(description="exactly")] = None,
    category: Annotated[str | None, Text(0, 100), Query(description="exactly")] = None,
) -> Response:
    """Reviewer campaigns of partner sites, newest first, page by page."""
    wanted = ListingList(page.page, page.per_page, site=site or None, category=category or None)
    entry = await catalogue.listing_list(runtime.database, runtime.cache, wanted)
    return cached_response(request, entry, key=wanted.key, max_age=PUBLIC_SECONDS)


@router.get(
    "/listings/{listing_id}",
    response_model=ListingItem,
    dependencies=[public],
    responses=responses(ListingNotFound),
)
async def get_listing(request: Request, runtime: RuntimeDep, listing_id: Id) -> Response:
    """One listing that is still on its site."""
    entry = await catalogue.listing(runtime.database, runtime.cache, listing_id)
    return cached_response(request, entry, key=catalogue.listing_key(listing_id), max_age=PUBLIC_SECONDS)


@router.get("/stats", response_model=Stats, dependencies=[public])
async def get_stats(request: Request, runtime: RuntimeDep) -> Response:
    """Statistics of all listings."""
    return await _overview(request, runtime, "stats")


@router.get("/categories", response_model=Categories, dependencies=[public])
async def get_categories(request: Request, runtime: RuntimeDep) -> Response:
    """Every category that has listings."""
    return await _overview(request, runtime, "categories")


async def _overview(request: Request, runtime: RuntimeDep, name: str) -> Response:
    entry = await catalogue.overview(runtime.database, runtime.cache, name)
    return cached_response(request, entry, key=catalogue.overview_key(name), max_age=PUBLIC_SECONDS)
