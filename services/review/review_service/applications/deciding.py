"""The creator's decision about an application."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from review_service.applications.errors import ApplicationNotFound, CampaignFull
from review_service.applications.events import ApplicationDecided
from review_service.applications.models import Application
from review_service.applications.rules import Status, places_moved
from review_service.campaigns.errors import CampaignOver
from review_service.campaigns.models import Campaign, campaign_tag
from review_service.campaigns.service import lock_own_campaign
from review_service.tables import Outbox
from shared.cache import Cache
from shared.events.outbox import publish
from shared.schemas.dates import utcnow


async def decide(
    session: AsyncSession, *, cache: Cache, application_id: int, user_id: int, status: Status, hold_days: int
) -> Status:
    """Change an application's status, as the campaign's creator; the status. The one that it has already changes
    nothing. A pending one keeps its place for `hold_days` from now on.

    Raises ApplicationNotFound, NotTheCreator, CampaignOver (completed), or CampaignFull where a rejected
    application would need a place that is not there.
    """
    application, campaign = await _locked(session, application_id=application_id, user_id=user_id)
    if application.status == status:
        return status
    if campaign.status == "completed":
        raise CampaignOver("The campaign is completed; its applications can no longer change.")
    await _move_places(session, campaign, places_moved(application.status, status))
    application.status, application.expired = status, False
    application.held_until = utcnow() + timedelta(days=hold_days)
    await session.flush()
    event = ApplicationDecided(
        application_id=application.id,
        campaign_id=campaign.id,
        campaign_title=campaign.title,
        user_id=application.user_id,
        status=status,
    )
    await publish(session, Outbox, event, key=f"campaign:{campaign.id}")
    cache.invalidate_after_commit(session, campaign_tag(campaign.id))
    return status


async def _locked(
    session: AsyncSession, *, application_id: int, user_id: int
) -> tuple[Application, Campaign]:
    """First the campaign, as applying does, so that there is no deadlock."""
    campaign_id = await session.scalar(
        select(Application.campaign_id).where(Application.id == application_id)
    )
    if campaign_id is None:
        raise ApplicationNotFound
    campaign = await lock_own_campaign(session, campaign_id=campaign_id, user_id=user_id)
    return await session.get_one(Application, application_id, with_for_update=True), campaign


async def _move_places(session: AsyncSession, campaign: Campaign, places: int) -> None:
    if places == 0:
        return
    statement = (
        update(Campaign)
        .where(Campaign.id == campaign.id, Campaign.places_taken + places <= Campaign.max_reviewers)
        .values(places_taken=Campaign.places_taken + places)
        .returning(Campaign.id)
    )
    if await session.scalar(statement) is None:
        raise CampaignFull
