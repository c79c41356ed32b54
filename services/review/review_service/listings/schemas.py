"""What clients get of listings."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel


class ListingItem(BaseModel):
    """A reviewer campaign of a partner site. `id` stays the same across crawls."""

    id: int
    site: str
    title: str
    url: str
    deadline: datetime | None
    category: str
    reward: str
    description: str
    image_url: str


class ListingPage(BaseModel):
    """A page of listings, newest first."""

    total: int
    page: int
    per_page: int
    pages: int
    data: list[ListingItem]


class SiteNumbers(BaseModel):
    """A site's number of listings and their categories."""

    count: int
    categories: list[str]


class Stats(BaseModel):
    """Statistics of all listings. `last_updated` is when a listing was last added, changed or retired; now,
    if there are none."""

    total_listings: int
    total_sites: int
    sites: dict[str, SiteNumbers]
    categories: dict[str, int]
    last_updated: datetime


class Categories(BaseModel):
    """Sorted."""

    categories: list[str]


class SiteItem(BaseModel):
    """A partner site. `status` is that of its last crawl, `never` before the first. After a failed crawl
    its listings are those of `last_crawled_at`; after a suspicious one they include those that the crawl
    missed."""

    name: str
    count: int
    status: str
    last_crawled_at: datetime | None


class Sites(BaseModel):
    """The partner sites, by their short names."""

    sites: dict[str, SiteItem]
