"""Applying, and deciding on applications."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from sqlalchemy.ext.asyncio import AsyncSession

from review_service.applications.errors import AlreadyApplied, CampaignFull, DeadlinePassed, OwnCampaign
from review_service.applications.events import ApplicationSubmitted
from review_service.campaigns.errors import CampaignNotFound
from review_service.campaigns.tags import campaign_tag
from review_service.tables import Outbox
from shared.cache import Cache
from shared.clock import utcnow
from shared.db.driver import driver
from shared.events.outbox import publish

# One statement decides and counts: who comes at the same moment waits for the row, and then finds what is left. It
# comes first, so that all who apply to a campaign take their locks in one order.
TAKE_PLACE = """
    UPDATE campaigns SET places_taken = places_taken + 1, applications_count = applications_count + 1
    WHERE id = $1 AND status = 'active' AND deadline > clock_timestamp() AND places_taken < max_reviewers
        AND creator_id <> $2
    RETURNING creator_id
"""
APPLY = """
    INSERT INTO campaign_applications (campaign_id, user_id, message, sns_link, follower_count)
    VALUES ($1, $2, $3, $4, $5) ON CONFLICT (campaign_id, user_id) DO NOTHING RETURNING id
"""
WHY_NOT = """
    SELECT c.status, c.deadline, c.creator_id,
        EXISTS (SELECT FROM campaign_applications AS a WHERE a.campaign_id = c.id AND a.user_id = $2) AS applied
    FROM campaigns AS c WHERE c.id = $1
"""


@dataclass(frozen=True, slots=True)
class Wish:
    """What `user_id` says in applying."""

    campaign_id: int
    user_id: int
    message: str
    sns_link: str | None
    follower_count: int


async def apply(session: AsyncSession, *, cache: Cache, wish: Wish) -> int:
    """Take a place; the application's id.

    Raises DeadlinePassed (400), CampaignNotFound (404; a closed one too), AlreadyApplied, CampaignFull (409) or
    OwnCampaign (422).
    """
    connection = await driver(session)
    creator_id = await connection.fetchval(TAKE_PLACE, wish.campaign_id, wish.user_id)
    if creator_id is None:
        await _refuse(session, wish)
    application_id: int | None = await connection.fetchval(
        APPLY, wish.campaign_id, wish.user_id, wish.message, wish.sns_link, wish.follower_count
    )
    if application_id is None:
        raise AlreadyApplied
    event = ApplicationSubmitted(
        application_id=application_id,
        campaign_id=wish.campaign_id,
        creator_id=creator_id,
        user_id=wish.user_id,
    )
    await publish(session, Outbox, event, key=f"campaign:{wish.campaign_id}")
    cache.invalidate_after_commit(session, campaign_tag(wish.campaign_id))
    return application_id


async def _refuse(session: AsyncSession, wish: Wish) -> NoReturn:
    """Says why there was no place. Where the reason went away meanwhile, it was the places."""
    row = await (await driver(session)).fetchrow(WHY_NOT, wish.campaign_id, wish.user_id)
    if row is None:
        raise CampaignNotFound
    if row["applied"]:
        raise AlreadyApplied
    if row["status"] != "completed" and row["deadline"] <= utcnow():
        raise DeadlinePassed
    if row["status"] != "active":
        raise CampaignNotFound
    if row["creator_id"] == wish.user_id:
        raise OwnCampaign
    raise CampaignFull
