"""What anybody reads of listings: rows to bytes, kept in the cache for seconds, from the replica where nothing was
written lately. They change when a crawl does, and deadlines pass by themselves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy import ColumnElement, func, or_, select

from review_service.listings.errors import ListingNotFound
from review_service.listings.models import ALL_LISTINGS, Listing
from review_service.listings.schemas import Categories, ListingItem, ListingPage, SiteNumbers, Stats
from shared.cache import Cache, Entry
from shared.db.database import Database
from shared.schemas.json import dumps

MEMORY_SECONDS: Final = 30.0
REDIS_SECONDS: Final = 30.0
FIELDS: Final = (
    Listing.id,
    Listing.site,
    Listing.title,
    Listing.url,
    Listing.deadline,
    Listing.category,
    Listing.reward,
    Listing.description,
    Listing.image_url,
)
Load = Callable[..., Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class ListingList:
    """One page of the listings, newest first."""

    page: int
    per_page: int
    site: str | None = None
    category: str | None = None

    @property
    def key(self) -> str:
        """Tells apart the pages."""
        return f"listings:{self.page}:{self.per_page}:{dumps([self.site, self.category]).decode()}"


async def listing_list(database: Database, cache: Cache, wanted: ListingList) -> Entry:
    """The page as JSON; it is empty past the end."""
    return await cached(cache, wanted.key, partial(_load_list, database, wanted), at_first_sight=False)


async def listing(database: Database, cache: Cache, listing_id: int) -> Entry:
    """One listing as JSON. Raises ListingNotFound."""
    load = partial(_load_one, database, listing_id)
    return await cached(cache, listing_key(listing_id), load, at_first_sight=True)


async def overview(database: Database, cache: Cache, name: str) -> Entry:
    """`stats` or `categories` as JSON."""
    return await cached(cache, overview_key(name), partial(OVERVIEWS[name], database), at_first_sight=True)


def listing_key(listing_id: int) -> str:
    """Tells apart the listings."""
    return f"listing:{listing_id}"


def overview_key(name: str) -> str:
    """Tells apart the overviews."""
    return f"listings:{name}"


async def cached(cache: Cache, key: str, load: Load, *, at_first_sight: bool) -> Entry:
    """What `load` gives, kept until a crawl changes the listings."""
    return await cache.get_or_load_entry(
        key,
        partial(load, fresh=True),
        replica_loader=partial(load, fresh=False),
        memory_ttl=MEMORY_SECONDS,
        redis_ttl=REDIS_SECONDS,
        tags=(ALL_LISTINGS,),
        at_first_sight=at_first_sight,
    )


def shown() -> list[ColumnElement[bool]]:
    """What the board has: neither retired nor past its deadline."""
    return [Listing.retired_at.is_(None), or_(Listing.deadline.is_(None), Listing.deadline > func.now())]


async def _load_list(database: Database, wanted: ListingList, *, fresh: bool) -> bytes:
    conditions = shown()
    if wanted.site is not None:
        conditions.append(Listing.site == wanted.site)
    if wanted.category is not None:
        conditions.append(Listing.category == wanted.category)
    query = select(*FIELDS).where(*conditions).order_by(Listing.id.desc())
    query = query.limit(wanted.per_page).offset((wanted.page - 1) * wanted.per_page)
    count = select(func.count()).select_from(Listing).where(*conditions)
    async with database.read(fresh=fresh) as connection:
        total = (await connection.execute(count)).scalar_one()
        items = [ListingItem(**row) for row in (await connection.execute(query)).mappings()]
    pages = -(-total // wanted.per_page)
    page = ListingPage(total=total, page=wanted.page, per_page=wanted.per_page, pages=pages, data=items)
    return dumps(page)


async def _load_one(database: Database, listing_id: int, *, fresh: bool) -> bytes:
    query = select(*FIELDS).where(Listing.id == listing_id, Listing.retired_at.is_(None))
    async with database.read(fresh=fresh) as connection:
        row = (await connection.execute(query)).mappings().one_or_none()
    if row is None:
        raise ListingNotFound
    return dumps(dict(row))


async def _load_stats(database: Database, *, fresh: bool) -> bytes:
    query = select(Listing.site, Listing.category, func.count().label("listings")).where(*shown())
    updated = select(
        func.coalesce(func.max(func.greatest(Listing.updated_at, Listing.retired_at)), func.now())
    )
    async with database.read(fresh=fresh) as connection:
        rows = (await connection.execute(query.group_by(Listing.site, Listing.category))).all()
        last_updated = (await connection.execute(updated)).scalar_one()
    sites: dict[str, SiteNumbers] = {}
    categories: dict[str, int] = {}
    for site, category, count in sorted((row.site, row.category, row.listings) for row in rows):
        numbers = sites.setdefault(site, SiteNumbers(count=0, categories=[]))
        numbers.count += count
        if category:
            numbers.categories.append(category)
            categories[category] = categories.get(category, 0) + count
    stats = Stats(
        total_listings=sum(numbers.count for numbers in sites.values()),
        total_sites=len(sites),
        sites=sites,
        categories=categories,
        last_updated=last_updated,
    )
    return dumps(stats)


async def _load_categories(database: Database, *, fresh: bool) -> bytes:
    query = select(Listing.category).where(*shown(), Listing.category != "").distinct()
    async with database.read(fresh=fresh) as connection:
        return dumps(Categories(categories=sorted((await connection.execute(query)).scalars())))


OVERVIEWS: Final[dict[str, Load]] = {
    "stats": _load_stats,
    "categories": _load_categories,
}
