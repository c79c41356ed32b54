"""What becomes of an application: the campaign creator's decision, or, undecided for too long, the loss of its place.

Where a campaign is full, the overdue application that has waited longest gives up its place. While there are places
left nobody loses anything, so nothing happens. The creator may still approve it later, as long as a place is left.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from review_service.applications.errors import ApplicationNotFound, CampaignFull
from review_service.applications.events import ApplicationDecided
from review_service.applications.models import Application, Status
from review_service.campaigns.errors import CampaignOver
from review_service.campaigns.models import Campaign, campaign_tag
from review_service.campaigns.service import lock_own_campaign
from review_service.tables import Outbox
from shared.cache import Cache
from shared.db.database import Database
from shared.events.outbox import publish
from shared.schemas.dates import utcnow

AT_A_TIME: Final = 200
OVERDUE: Final = and_(Application.status == "pending", Application.held_until <= func.clock_timestamp())


async def decide(
    session: AsyncSession, *, cache: Cache, application_id: int, user_id: int, status: Status, hold_days: int
) -> Status:
    """Change an application's status, as the campaign's creator, and return it. Asking for the current one changes
    nothing. A pending application keeps its place for `hold_days` from now on.

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
    await _announce(session, cache, campaign, application)
    return status


async def free_place(session: AsyncSession, *, cache: Cache, campaign_id: int) -> bool:
    """Free a place of a full campaign if an application is overdue; whether it did."""
    query = select(Campaign).where(Campaign.id == campaign_id, _full_with_overdue())
    campaign = await session.scalar(query.with_for_update(key_share=True))
    if campaign is None:
        return False
    longest = select(Application).where(Application.campaign_id == campaign_id, OVERDUE)
    application = await session.scalar(longest.order_by(Application.held_until, Application.id).limit(1))
    if application is None:  # somebody else has freed it while this waited for the campaign
        return False
    application.status, application.expired = "rejected", True
    campaign.places_taken -= 1
    await session.flush()
    await _announce(session, cache, campaign, application)
    return True


async def free_places(database: Database, cache: Cache) -> int:
    """What the schedule does, a campaign to a transaction, so that full campaigns show a place that can be had."""
    async with database.read(fresh=True) as connection:
        query = select(Campaign.id).where(_full_with_overdue()).order_by(Campaign.id).limit(AT_A_TIME)
        campaign_ids = (await connection.scalars(query)).all()
    freed = 0
    for campaign_id in campaign_ids:
        async with database.session() as session:
            freed += await free_place(session, cache=cache, campaign_id=campaign_id)
    return freed


def takes_place(status: str) -> bool:
    """A pending application holds its place, so that approving it cannot fail."""
    return status != "rejected"


def places_moved(current: str, wanted: Status) -> int:
    """How many places the change takes: 1, 0, or -1 where it frees one."""
    return takes_place(wanted) - takes_place(current)


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


def _full_with_overdue() -> ColumnElement[bool]:
    """Whether a campaign has no place left and an application that may give up its own."""
    return and_(
        Campaign.status == "active",
        Campaign.deadline > func.clock_timestamp(),
        Campaign.places_taken >= Campaign.max_reviewers,
        exists().where(Application.campaign_id == Campaign.id, OVERDUE),
    )


async def _announce(
    session: AsyncSession, cache: Cache, campaign: Campaign, application: Application
) -> None:
    event = ApplicationDecided(
        application_id=application.id,
        campaign_id=campaign.id,
        campaign_title=campaign.title,
        user_id=application.user_id,
        status=application.status,
        expired=application.expired,
    )
    await publish(session, Outbox, event, key=f"campaign:{campaign.id}")
    cache.invalidate_after_commit(session, campaign_tag(campaign.id))
