"""What clients get of listings."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel


class ListingItem(BaseModel):
    """A reviewer campaign of a partner site. `id` stays the same however often it is crawled."""

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
    """What a site has."""

    count: int
    categories: list[str]


class Stats(BaseModel):
    """The whole board in numbers. `last_updated` is when a listing last came, changed or went; now, where none ever
    did."""

    total_listings: int
    total_sites: int
    sites: dict[str, SiteNumbers]
    categories: dict[str, int]
    last_updated: datetime


class Categories(BaseModel):
    """Sorted."""

    categories: list[str]


class SiteItem(BaseModel):
    """A partner site. `status` is that of its last crawl, `never` before the first; after a failed one its listings
    are those of `last_crawled_at`, after a suspicious one also those that it did not see."""

    name: str
    count: int
    status: str
    last_crawled_at: datetime | None


class Sites(BaseModel):
    """By their short names."""

    sites: dict[str, SiteItem]
