"""Making, changing and closing campaigns.

Some close by themselves: their deadline passes, or their creator's account is deleted or deactivated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from review_service.campaigns.errors import (
    CampaignNotFound,
    CampaignOver,
    DeadlineOutOfRange,
    FewerThanTaken,
    NotTheCreator,
)
from review_service.campaigns.events import CampaignClosed, CampaignCompleted, CampaignCreated, CampaignEvent
from review_service.campaigns.models import ALL_CAMPAIGNS, Campaign, Status, campaign_tag
from review_service.search_index import documents
from review_service.search_index.documents import Document
from review_service.tables import Outbox
from shared.cache import Cache
from shared.db.constraints import check_row_limit
from shared.db.database import Database
from shared.events.outbox import publish
from shared.schemas.dates import utcnow

MAX_CAMPAIGNS: Final = 10_000
"""Of one creator, those that are over too: their applicants see what became of them."""
MAX_AHEAD: Final = timedelta(days=731)
ORDER: Final[tuple[str, ...]] = ("active", "closed", "completed")
AT_A_TIME = 200
"""Closed in one transaction."""
SEARCHED = frozenset({"title", "product_name", "description", "category", "reward_type", "deadline"})
EVENTS: dict[Status, type[CampaignEvent]] = {"closed": CampaignClosed, "completed": CampaignCompleted}


async def create(
    session: AsyncSession, *, cache: Cache, creator_id: int, fields: Mapping[str, Any]
) -> Campaign:
    """A campaign that takes applications at once. Raises DeadlineOutOfRange or LimitReached."""
    check_deadline(fields["deadline"], now=utcnow())
    existing = select(Campaign.id).where(Campaign.creator_id == creator_id)
    await check_row_limit(session, existing, limit=MAX_CAMPAIGNS, what="campaigns")
    campaign = Campaign(creator_id=creator_id, **fields)
    session.add(campaign)
    await session.flush()
    await documents.put(session, search_document(campaign))
    event = CampaignCreated(
        campaign_id=campaign.id,
        creator_id=creator_id,
        title=campaign.title,
        category=campaign.category,
        max_reviewers=campaign.max_reviewers,
        deadline=campaign.deadline,
    )
    await publish(session, Outbox, event, key=f"campaign:{campaign.id}")
    cache.invalidate_after_commit(session, ALL_CAMPAIGNS, campaign_tag(campaign.id))
    return campaign


async def change(
    session: AsyncSession, *, cache: Cache, campaign_id: int, user_id: int, changes: Mapping[str, Any]
) -> Campaign:
    """Change an open campaign, as its creator.

    Raises CampaignNotFound, NotTheCreator, CampaignOver, FewerThanTaken or DeadlineOutOfRange.
    """
    campaign = await lock_own_campaign(session, campaign_id=campaign_id, user_id=user_id)
    now = utcnow()
    check_open(status_at(campaign.status, deadline=campaign.deadline, now=now))
    if "deadline" in changes:
        check_deadline(changes["deadline"], now=now)
    if changes.get("max_reviewers", campaign.max_reviewers) < campaign.places_taken:
        raise FewerThanTaken
    for name, value in changes.items():
        setattr(campaign, name, value)
    await session.flush()
    if not SEARCHED.isdisjoint(changes):
        await documents.put(session, search_document(campaign))
    cache.invalidate_after_commit(session, ALL_CAMPAIGNS, campaign_tag(campaign.id))
    return campaign


async def change_status(
    session: AsyncSession, *, cache: Cache, campaign_id: int, user_id: int, status: Status
) -> Campaign:
    """Close or complete a campaign, as its creator. Asking for the current status changes nothing.

    Raises CampaignNotFound, NotTheCreator or CampaignOver.
    """
    campaign = await lock_own_campaign(session, campaign_id=campaign_id, user_id=user_id)
    if is_change(campaign.status, status):
        campaign.status = status
        await session.flush()
        await documents.remove(session, [campaign.id])
        event = EVENTS[status](campaign_id=campaign.id, creator_id=campaign.creator_id)
        await publish(session, Outbox, event, key=f"campaign:{campaign.id}")
        cache.invalidate_after_commit(session, ALL_CAMPAIGNS, campaign_tag(campaign.id))
    return campaign


async def lock_own_campaign(session: AsyncSession, *, campaign_id: int, user_id: int) -> Campaign:
    """The user's own campaign, which nobody else changes until the transaction ends, nor applies to.

    Raises CampaignNotFound or NotTheCreator.
    """
    query = select(Campaign).where(Campaign.id == campaign_id).with_for_update(key_share=True)
    campaign = await session.scalar(query)
    if campaign is None:
        raise CampaignNotFound
    if campaign.creator_id != user_id:
        raise NotTheCreator
    return campaign


async def close_expired(database: Database, cache: Cache) -> int:
    """Close what is past its deadline, a few hundred per transaction. How many.

    Nothing depends on it: applying and reading look at the deadline as well.
    """
    closed = 0
    while True:
        async with database.session() as session:
            batch = await close_where(session, cache, Campaign.deadline <= func.now())
        closed += batch
        if batch < AT_A_TIME:
            return closed


async def close_of_creators(session: AsyncSession, cache: Cache, creator_ids: Sequence[int]) -> None:
    """Close every open campaign of theirs: their applications can no longer be decided."""
    while await close_where(session, cache, Campaign.creator_id.in_(creator_ids)) == AT_A_TIME:
        pass


async def close_where(session: AsyncSession, cache: Cache, which: ColumnElement[bool]) -> int:
    """Close up to AT_A_TIME open campaigns; those that are being changed at the moment are left for the next time."""
    chosen = (
        select(Campaign.id)
        .where(Campaign.status == "active", which)
        .order_by(Campaign.id)
        .limit(AT_A_TIME)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    statement = (
        update(Campaign)
        .where(Campaign.id.in_(chosen))
        .values(status="closed")
        .returning(Campaign.id, Campaign.creator_id)
        .execution_options(synchronize_session=False)
    )
    rows = (await session.execute(statement)).all()
    ids = [row.id for row in rows]
    await documents.remove(session, ids)
    for row in rows:
        event = CampaignClosed(campaign_id=row.id, creator_id=row.creator_id)
        await publish(session, Outbox, event, key=f"campaign:{row.id}")
    if ids:
        cache.invalidate_after_commit(session, ALL_CAMPAIGNS, *map(campaign_tag, ids))
    return len(ids)


def search_document(campaign: Campaign) -> Document:
    """What the campaign is found by."""
    return Document(
        campaign_id=campaign.id,
        creator_id=campaign.creator_id,
        deadline=campaign.deadline,
        title=campaign.title,
        product_name=campaign.product_name,
        description=campaign.description or "",
        category=campaign.category,
        reward_type=campaign.reward_type,
    )


def status_at(status: str, *, deadline: datetime, now: datetime) -> str:
    """What the campaign is: a deadline that has passed closes it, whether or not the row says so already."""
    return "closed" if status == "active" and deadline <= now else status


def check_deadline(deadline: datetime, *, now: datetime) -> None:
    """Raises DeadlineOutOfRange."""
    if not now < deadline <= now + MAX_AHEAD:
        raise DeadlineOutOfRange


def check_open(status: str) -> None:
    """Raises CampaignOver unless applications are still taken."""
    if status != "active":
        raise CampaignOver(f"The campaign is {status} and can no longer be changed.")


def is_change(current: str, wanted: Status) -> bool:
    """Whether this is a change: forward yes, the same no. Raises CampaignOver for the way back."""
    if ORDER.index(wanted) < ORDER.index(current):
        raise CampaignOver(f"The campaign is {current} and cannot become {wanted} again.")
    return current != wanted
