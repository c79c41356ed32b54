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
