"""Undecided applications give up their places: where a campaign is full, the one that has waited longest.

While there are places left nobody loses anything, so nothing happens. The creator may still approve it later, as long
as a place is left.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from review_service.applications.events import ApplicationDecided
from review_service.applications.models import Application
from review_service.campaigns.models import Campaign, campaign_tag
from review_service.tables import Outbox
from shared.cache import Cache
from shared.db.database import Database
from shared.events.outbox import publish

AT_A_TIME: Final = 200
OVERDUE: Final = and_(Application.status == "pending", Application.held_until <= func.clock_timestamp())


def _full_with_overdue() -> ColumnElement[bool]:
    """Whether a campaign has no place left and an application that may give up its own."""
    return and_(
        Campaign.status == "active",
        Campaign.deadline > func.clock_timestamp(),
        Campaign.places_taken >= Campaign.max_reviewers,
        exists().where(Application.campaign_id == Campaign.id, OVERDUE),
    )


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
    event = ApplicationDecided(
        application_id=application.id,
        campaign_id=campaign.id,
        campaign_title=campaign.title,
        user_id=application.user_id,
        status=application.status,
        expired=True,
    )
    await publish(session, Outbox, event, key=f"campaign:{campaign.id}")
    cache.invalidate_after_commit(session, campaign_tag(campaign.id))
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
