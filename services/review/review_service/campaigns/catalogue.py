"""What anybody reads of campaigns, as bytes that the cache keeps for seconds, and what creators read of their own.

Loads go to the replica where nothing of theirs was written lately, else to the primary (see
docs/decisions/0043). An application changes its campaign's page at once; in lists its count follows within seconds,
so that a campaign everybody applies to does not empty the cache of all lists with each application. Creators look for
what they have just written: theirs come from the primary, uncached.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import ColumnElement, RowMapping, case, func, select

from review_service.campaigns.errors import CampaignNotFound
from review_service.campaigns.models import ALL_CAMPAIGNS, Campaign, Status, campaign_tag
from shared.cache import Cache, Entry
from shared.db.database import Database
from shared.schemas.json import dumps
from shared.schemas.keyset import encode_cursor, split_page
from shared.schemas.types import MAX_ID
from shared.web.paging import page_of

MEMORY_SECONDS: Final = 5.0
REDIS_SECONDS: Final = 5.0
"""Short: deadlines pass without anybody writing something."""
TOTAL_SECONDS: Final = 30.0
"""Counting is what costs in a long list, and a few campaigns more or less among thousands mislead nobody."""

CARD: Final = (
    Campaign.id,
    Campaign.title,
    Campaign.product_name,
    Campaign.category,
    Campaign.reward_type,
    Campaign.reward_value,
    Campaign.max_reviewers,
    Campaign.applications_count,
    Campaign.places_taken,
    Campaign.deadline,
    Campaign.created_at,
)
STATUS: Final = case(
    ((Campaign.status == "active") & (Campaign.deadline <= func.now()), "closed"), else_=Campaign.status
).label("status")
DETAIL: Final = (
    *CARD,
    Campaign.description,
    STATUS,
)


@dataclass(frozen=True, slots=True)
class OwnRow:
    """A campaign for its creator, in the order of `OF_CREATOR`."""

    id: int
    title: str
    product_name: str
    category: str
    max_reviewers: int
    applications_count: int
    places_taken: int
    current_reviewers: int
    deadline: datetime
    status: Status


# Written out, for the bare driver, as for every list of one user. $2 is the id before which the page starts.
OF_CREATOR = """
    SELECT id, title, product_name, category, max_reviewers, applications_count, places_taken,
        places_taken AS current_reviewers, deadline,
        CASE WHEN status = 'active' AND deadline <= now() THEN 'closed' ELSE status END AS status
    FROM campaigns WHERE creator_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3
"""


@dataclass(frozen=True, slots=True)
class CampaignList:
    """One page of the open campaigns, newest first. With `before`, an id, it starts below and `page` is only
    repeated."""

    page: int
    per_page: int
    category: str | None = None
    before: int | None = None

    @property
    def key(self) -> str:
        """Tells apart the pages."""
        return f"campaigns:{self.page}:{self.per_page}:{self.before}:{dumps(self.category).decode()}"


async def campaign_list(database: Database, cache: Cache, wanted: CampaignList) -> Entry:
    """The page as JSON; it is empty past the end."""
    return await cache.get_or_load_entry(
        wanted.key,
        partial(_load_list, database, cache, wanted, fresh=True),
        replica_loader=partial(_load_list, database, cache, wanted, fresh=False),
        memory_ttl=MEMORY_SECONDS,
        redis_ttl=REDIS_SECONDS,
        tags=(ALL_CAMPAIGNS,),
    )


async def campaign_detail(database: Database, cache: Cache, campaign_id: int) -> Entry:
    """One campaign as JSON, whatever its status. Raises CampaignNotFound."""
    return await cache.get_or_load_entry(
        detail_key(campaign_id),
        partial(_load_detail, database, campaign_id, fresh=True),
        replica_loader=partial(_load_detail, database, campaign_id, fresh=False),
        memory_ttl=MEMORY_SECONDS,
        redis_ttl=REDIS_SECONDS,
        tags=(campaign_tag(campaign_id),),
        at_first_sight=True,
    )


def detail_key(campaign_id: int) -> str:
    """Tells apart the campaigns."""
    return f"campaign:{campaign_id}"


def detail_of(campaign: Campaign) -> dict[str, Any]:
    """What the creator sees of a campaign that was just changed."""
    detail = {column.key: getattr(campaign, column.key) for column in (*CARD, Campaign.description)}
    return _with_places(detail | {"status": campaign.status})


async def of_creator(
    database: Database, *, user_id: int, limit: int, before: int | None
) -> tuple[Sequence[OwnRow], int | None]:
    """A user's campaigns, newest first, and the id after which the next page starts."""
    found = await database.fetch(OF_CREATOR, user_id, MAX_ID if before is None else before, limit + 1)
    rows, last = split_page([OwnRow(*row) for row in found], limit)
    return rows, last.id if last else None


def _with_places(row: RowMapping | Mapping[str, Any]) -> dict[str, Any]:
    """Both sides of the places: who has one, pending or approved, and how many are left."""
    shown = dict(row)
    taken = shown.pop("places_taken")
    return {**shown, "current_reviewers": taken, "spots_available": shown["max_reviewers"] - taken}


async def _load_list(database: Database, cache: Cache, wanted: CampaignList, *, fresh: bool) -> bytes:
    total = await cache.get_or_load(
        f"campaigns:total:{dumps(wanted.category).decode()}",
        partial(_load_total, database, wanted, fresh=fresh),
        memory_ttl=TOTAL_SECONDS,
        redis_ttl=TOTAL_SECONDS,
        tags=(ALL_CAMPAIGNS,),
    )
    query = select(*CARD).where(*_conditions(wanted)).order_by(Campaign.id.desc()).limit(wanted.per_page + 1)
    if wanted.before is None:
        query = query.offset((wanted.page - 1) * wanted.per_page)
    else:
        query = query.where(Campaign.id < wanted.before)
    async with database.read(fresh=fresh) as connection:
        rows = [_with_places(row) for row in (await connection.execute(query)).mappings()]
    return dumps(_page(wanted, rows, total=int(total)))


def _page(wanted: CampaignList, rows: list[dict[str, Any]], *, total: int) -> dict[str, Any]:
    shown = rows[: wanted.per_page]
    more = encode_cursor(shown[-1]["id"]) if len(rows) > wanted.per_page else None
    return page_of(
        "campaigns", shown, total=total, page=wanted.page, per_page=wanted.per_page, next_cursor=more
    )


async def _load_total(database: Database, wanted: CampaignList, *, fresh: bool) -> bytes:
    query = select(func.count()).select_from(Campaign).where(*_conditions(wanted))
    async with database.read(fresh=fresh) as connection:
        return str(await connection.scalar(query)).encode()


def _conditions(wanted: CampaignList) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [Campaign.status == "active", Campaign.deadline > func.now()]
    if wanted.category is not None:
        conditions.append(Campaign.category == wanted.category)
    return conditions


async def _load_detail(database: Database, campaign_id: int, *, fresh: bool) -> bytes:
    query = select(*DETAIL).where(Campaign.id == campaign_id)
    async with database.read(fresh=fresh) as connection:
        row = (await connection.execute(query)).mappings().one_or_none()
    if row is None:
        raise CampaignNotFound
    return dumps(_with_places(row))
