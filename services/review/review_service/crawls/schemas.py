"""What admins send about crawls, and what they get."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from shared.schemas.text import Text
from shared.schemas.types import Request


def _is_none(value: object) -> bool:
    return value is None


class CrawlRequest(Request):
    """Which site; left out: all of them."""

    site: Annotated[str, Text(1, 50)] | None = None


class CrawlStarted(BaseModel):
    """`status` is `started` or `already running`. `site` is the requested site; without one,
    `sites_crawled` names those that were started."""

    status: str
    site: str | None = Field(default=None, exclude_if=_is_none)
    sites_crawled: list[str] | None = Field(default=None, exclude_if=_is_none)


class CrawlItem(BaseModel):
    """One crawl of a site. Of its listings, `added` were new, `updated` changed or reappeared, `retired`
    disappeared. A `suspicious` crawl missed most of the site's listings: they are kept until an operator
    decides, and `error` says why."""

    id: int
    site: str
    status: Literal["queued", "running", "succeeded", "failed", "suspicious"]
    started_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    pages: int
    unchanged_pages: int
    found: int
    added: int
    updated: int
    retired: int
    skipped: int
    error: str | None


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
