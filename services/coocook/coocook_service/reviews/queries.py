"""What anybody reads of a chef's reviews: bytes, kept in the cache until the next review."""

from __future__ import annotations

from functools import partial

from sqlalchemy import select
from sqlalchemy.sql import false

from coocook_service.chefs.errors import ChefNotFound
from coocook_service.chefs.models import IS_OPEN, SHOWN_RATING, Chef
from coocook_service.chefs.rules import chef_tag
from coocook_service.reviews.models import Review
from shared.cache import Cache, Entry
from shared.db.database import Database
from shared.schemas.json import dumps
from shared.schemas.keyset import encode_cursor, split_page

FIELDS = (
    Review.id,
    Review.user_id,
    Review.rating,
    Review.comment,
    Review.created_at,
    Review.counts.is_not(false()).label("counts"),
)
# Shorter than for profiles, since a thousand comments are many bytes.
MEMORY_SECONDS = 3.0
REDIS_SECONDS = 300.0


async def of_chef(database: Database, cache: Cache, *, chef_id: int, limit: int, before: int | None) -> Entry:
    """A page of reviews with ids below `before`, newest first, as JSON. Raises ChefNotFound."""
    return await cache.get_or_load_entry(
        page_key(chef_id, limit=limit, before=before),
        partial(_load, database, chef_id, limit, before),
        memory_ttl=MEMORY_SECONDS,
        redis_ttl=REDIS_SECONDS,
        tags=(chef_tag(chef_id),),
    )


def page_key(chef_id: int, *, limit: int, before: int | None) -> str:
    """Tells apart the pages."""
    return f"chef:{chef_id}:reviews:{limit}:{before}"


async def _load(database: Database, chef_id: int, limit: int, before: int | None) -> bytes:
    chef_query = select(Chef.name, SHOWN_RATING, Chef.rating_count).where(Chef.id == chef_id, IS_OPEN)
    query = select(*FIELDS).where(Review.chef_id == chef_id).order_by(Review.id.desc()).limit(limit + 1)
    if before is not None:
        query = query.where(Review.id < before)
    async with database.read(fresh=True) as connection:
        chef = (await connection.execute(chef_query)).one_or_none()
        if chef is None:
            raise ChefNotFound
        rows, last = split_page((await connection.execute(query)).mappings().all(), limit)
    return dumps(
        {
            "chef_id": chef_id,
            "chef_name": chef.name,
            "average_rating": chef.rating,
            "total_reviews": chef.rating_count,
            "reviews": [dict(row) for row in rows],
            "next_cursor": encode_cursor(last["id"]) if last else None,
        }
    )
