"""One visit to a site: all its pages, or a reason why not. No database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from review_service.crawls.errors import SiteFailed
from review_service.crawls.fetching import CacheValidators, Fetcher, Page
from review_service.crawls.sites import Adapter, FoundListing, PageContext
from shared.schemas.dates import utcnow

MAX_PAGES: Final = 100
MAX_LISTINGS: Final = 5000


@dataclass(frozen=True, slots=True)
class KnownPage:
    """A page as it was the last time, and where it led on to."""

    seen: CacheValidators
    next_url: str | None


@dataclass
class CrawlResult:
    """What a visit brought. `listings` by the site's id, with the page that shows it; `unchanged` are the pages whose
    listings are those of the last time, and `unread` those with entries none of which is a listing, and how many."""

    listings: dict[str, tuple[FoundListing, str]] = field(default_factory=dict)
    pages: dict[str, KnownPage] = field(default_factory=dict)
    unchanged: list[str] = field(default_factory=list)
    unread: dict[str, int] = field(default_factory=dict)
    skipped: int = 0


async def crawl_pages(
    fetcher: Fetcher, adapter: Adapter, *, start: str, known: Mapping[str, KnownPage]
) -> CrawlResult:
    """Visit every page from `start` on. Raises SiteFailed, also where no page has any listing: then the site has
    changed, and it is not that there is nothing."""
    result, url = CrawlResult(), start
    while url and url not in result.pages:
        if len(result.pages) >= MAX_PAGES or len(result.listings) > MAX_LISTINGS:
            raise SiteFailed(f"{start}: more than {MAX_PAGES} pages or {MAX_LISTINGS} listings")
        before = known.get(url)
        page = await fetcher.page(url, before.seen if before else None)
        url = _add_page(result, adapter, url, page, before) or ""
    if not result.listings and not result.unchanged:
        raise SiteFailed(f"{start}: no listing found; the page may have changed")
    return result


def _add_page(
    result: CrawlResult, adapter: Adapter, url: str, page: Page, before: KnownPage | None
) -> str | None:
    """Adds a page; where the next one is."""
    if page.html is None:
        if before is None:
            raise SiteFailed(f"{url}: answered that it has not changed, but it was never fetched")
        result.unchanged.append(url)
        result.pages[url] = before
        return before.next_url
    parsed = adapter.parse(page.html, PageContext(page.url, utcnow(), page.encoding))
    for listing in parsed.listings:
        result.listings.setdefault(listing.external_id, (listing, url))
    result.skipped += parsed.skipped
    if parsed.skipped and not parsed.listings:
        result.unread[url] = parsed.skipped
    result.pages[url] = KnownPage(
        CacheValidators(_short(page.etag, 500), _short(page.last_modified, 100)), parsed.next_url
    )
    return parsed.next_url


def _short(value: str | None, limit: int) -> str | None:
    """A validator that is too long to keep is none."""
    return value if value and len(value) <= limit else None
