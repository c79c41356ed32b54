"""Making and changing campaigns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from review_service.campaigns import rules
from review_service.campaigns.errors import CampaignNotFound, FewerThanTaken, NotTheCreator
from review_service.campaigns.events import CampaignClosed, CampaignCompleted, CampaignCreated, CampaignEvent
from review_service.campaigns.models import ALL_CAMPAIGNS, Campaign, campaign_tag
from review_service.search_index import documents
from review_service.search_index.documents import Document
from review_service.tables import Outbox
from shared.cache import Cache
from shared.db.constraints import check_row_limit
from shared.events.outbox import publish
from shared.schemas.dates import utcnow

MAX_CAMPAIGNS: Final = 10_000
"""Of one creator, those that are over too: their applicants see what became of them."""
SEARCHED = frozenset({"title", "product_name", "description", "category", "reward_type", "deadline"})
EVENTS: dict[rules.Status, type[CampaignEvent]] = {"closed": CampaignClosed, "completed": CampaignCompleted}


async def create(
    session: AsyncSession, *, cache: Cache, creator_id: int, fields: Mapping[str, Any]
) -> Campaign:
    """A campaign that takes applications at once. Raises DeadlineOutOfRange or LimitReached."""
    rules.check_deadline(fields["deadline"], now=utcnow())
    own = select(Campaign.id).where(Campaign.creator_id == creator_id)
    await check_row_limit(session, own, limit=MAX_CAMPAIGNS, what="campaigns")
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
    campaign = await own(session, campaign_id=campaign_id, user_id=user_id)
    now = utcnow()
    rules.check_open(rules.status_at(campaign.status, deadline=campaign.deadline, now=now))
    if "deadline" in changes:
        rules.check_deadline(changes["deadline"], now=now)
    if changes.get("max_reviewers", campaign.max_reviewers) < campaign.places_taken:
        raise FewerThanTaken
    for name, value in changes.items():
        setattr(campaign, name, value)
    await session.flush()
    if not SEARCHED.isdisjoint(changes):
        await documents.put(session, search_document(campaign))
    cache.invalidate_after_commit(session, ALL_CAMPAIGNS, campaign_tag(campaign.id))
    return campaign


async def move(
    session: AsyncSession, *, cache: Cache, campaign_id: int, user_id: int, status: rules.Status
) -> Campaign:
    """Close or complete a campaign, as its creator. Saying again what is already so changes nothing.

    Raises CampaignNotFound, NotTheCreator or CampaignOver.
    """
    campaign = await own(session, campaign_id=campaign_id, user_id=user_id)
    if rules.moves(campaign.status, status):
        campaign.status = status
        await session.flush()
        await documents.remove(session, [campaign.id])
        event = EVENTS[status](campaign_id=campaign.id, creator_id=campaign.creator_id)
        await publish(session, Outbox, event, key=f"campaign:{campaign.id}")
        cache.invalidate_after_commit(session, ALL_CAMPAIGNS, campaign_tag(campaign.id))
    return campaign


async def own(session: AsyncSession, *, campaign_id: int, user_id: int) -> Campaign:
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
