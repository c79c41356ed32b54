"""What anybody reads of chefs: rows to bytes, kept in the cache.

Loads read the primary: a replica that is only milliseconds behind the write which emptied the cache would fill it
with what was there before. The cache leaves few loads to make.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, func, select

from coocook_service.chefs.errors import ChefNotFound
from coocook_service.chefs.models import (
    ALL_CHEFS,
    IS_OPEN,
    NEW_CHEFS_RATING,
    SHOWN_RATING,
    Chef,
    chef_tag,
)
from coocook_service.chefs.schemas import OwnProfile
from shared.cache import Cache, Entry
from shared.db.database import Database
from shared.schemas.json import dumps
from shared.schemas.keyset import encode_cursor
from shared.web.paging import page_of

MEMORY_SECONDS = 10.0
REDIS_SECONDS = 300.0


CARD = (
    Chef.id,
    Chef.name,
    Chef.bio,
    Chef.cuisine_type,
    Chef.location,
    Chef.price_per_session,
    Chef.currency,
    SHOWN_RATING,
    Chef.rating_count,
)
PROFILE = (*CARD, Chef.user_id, Chef.timezone, Chef.opens_hour, Chef.closes_hour)


@dataclass(frozen=True, slots=True)
class ChefList:
    """One page of the active chefs, by id. With `after`, an id, it starts there and `page` is only repeated."""

    page: int
    per_page: int
    cuisine: str | None = None
    location: str | None = None
    """In small letters: upper and lower case are the same list."""
    after: int | None = None

    @property
    def filter_key(self) -> str:
        """Tells apart which chefs are meant."""
        return dumps([self.cuisine, self.location]).decode()

    @property
    def key(self) -> str:
        """Tells apart the pages."""
        return f"chefs:{self.page}:{self.per_page}:{self.after}:{self.filter_key}"


async def chef_list(wanted: ChefList, *, database: Database, cache: Cache) -> Entry:
    """The page as JSON; it is empty past the end."""
    load = partial(_load_list, wanted, database, cache)
    return await cache.get_or_load_entry(
        wanted.key, load, memory_ttl=MEMORY_SECONDS, redis_ttl=REDIS_SECONDS, tags=(ALL_CHEFS,)
    )


async def chef_profile(chef_id: int, *, database: Database, cache: Cache) -> Entry:
    """One active chef as JSON. Raises ChefNotFound."""
    load = partial(_load_profile, chef_id, database)
    return await cache.get_or_load_entry(
        profile_key(chef_id),
        load,
        memory_ttl=MEMORY_SECONDS,
        redis_ttl=REDIS_SECONDS,
        tags=(chef_tag(chef_id),),
        at_first_sight=True,
    )


def profile_key(chef_id: int) -> str:
    """Tells apart the profiles."""
    return f"chef:{chef_id}"


def own_profile(chef: Chef) -> OwnProfile:
    """What chefs see of themselves, never cached."""
    values = {column.key: getattr(chef, column.key) for column in (*PROFILE, Chef.is_active)}
    rating = chef.rating if chef.rating_count else NEW_CHEFS_RATING
    return OwnProfile(**values | {"rating": rating})


def in_small_letters(text: str) -> str:
    """As PostgreSQL's ILIKE compares: letter by letter, `İ` as `i`, `Σ` as `σ` wherever it stands.

    Python's `lower` goes by the whole word, and what it makes of these letters would be found nowhere.
    """
    return "".join(map(str.lower, text)).replace("i\u0307", "i")


def like_part(text: str) -> str:
    r"""The LIKE pattern of whatever contains `text`, in which its own `%`, `_` and `\` stand for themselves."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


async def _load_list(wanted: ChefList, database: Database, cache: Cache) -> bytes:
    total = await cache.get_or_load(
        f"chefs:total:{wanted.filter_key}",
        partial(_load_total, wanted, database),
        memory_ttl=MEMORY_SECONDS,
        redis_ttl=REDIS_SECONDS,
        tags=(ALL_CHEFS,),
    )
    query = select(*CARD).where(*_conditions(wanted)).order_by(Chef.id).limit(wanted.per_page + 1)
    if wanted.after is None:
        query = query.offset((wanted.page - 1) * wanted.per_page)
    else:
        query = query.where(Chef.id > wanted.after)
    async with database.read(fresh=True) as connection:
        rows = [dict(row) for row in (await connection.execute(query)).mappings()]
    return dumps(_page(wanted, rows, total=int(total)))


def _page(wanted: ChefList, rows: list[dict[str, Any]], *, total: int) -> dict[str, Any]:
    shown = rows[: wanted.per_page]
    more = encode_cursor(shown[-1]["id"]) if len(rows) > wanted.per_page else None
    return page_of("chefs", shown, total=total, page=wanted.page, per_page=wanted.per_page, next_cursor=more)


async def _load_total(wanted: ChefList, database: Database) -> bytes:
    query = select(func.count()).select_from(Chef).where(*_conditions(wanted))
    async with database.read(fresh=True) as connection:
        return str(await connection.scalar(query)).encode()


def _conditions(wanted: ChefList) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [IS_OPEN]
    if wanted.cuisine is not None:
        conditions.append(Chef.cuisine_type == wanted.cuisine)
    if wanted.location is not None:
        conditions.append(Chef.location.ilike(like_part(wanted.location), escape="\\"))
    return conditions


async def _load_profile(chef_id: int, database: Database) -> bytes:
    query = select(*PROFILE).where(Chef.id == chef_id, IS_OPEN)
    async with database.read(fresh=True) as connection:
        row = (await connection.execute(query)).mappings().one_or_none()
    if row is None:
        raise ChefNotFound
    return dumps(dict(row))
