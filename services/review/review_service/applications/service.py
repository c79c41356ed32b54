"""Applying: an application takes a place of its campaign."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from review_service.applications.decisions import free_place
from review_service.applications.errors import (
    AlreadyApplied,
    CampaignFull,
    ClosedToApplications,
    DeadlinePassed,
    OwnCampaign,
    TooManyApplications,
)
from review_service.applications.events import ApplicationSubmitted
from review_service.campaigns.errors import CampaignNotFound
from review_service.campaigns.models import campaign_tag
from review_service.tables import Outbox
from shared.cache import Cache
from shared.db.transactions import driver
from shared.events.outbox import publish
from shared.schemas.dates import utcnow

# One statement decides and counts: a request at the same moment waits for the row, and then finds what is left. It
# comes first, so that all who apply to a campaign take their locks in one order.
TAKE_PLACE = """
    UPDATE campaigns SET places_taken = places_taken + 1, applications_count = applications_count + 1
    WHERE id = $1 AND status = 'active' AND deadline > clock_timestamp() AND places_taken < max_reviewers
        AND creator_id <> $2
    RETURNING creator_id
"""
# One user's applications come one after the other, so that they can be counted.
LOCK_APPLICANT = "SELECT pg_advisory_xact_lock(hashtextextended('applications of ' || $1, 0))"
APPLY = """
    WITH pending AS (
        SELECT count(*) AS applications FROM campaign_applications
        WHERE user_id = $2 AND status = 'pending' AND held_until > clock_timestamp()
    ), made AS (
        INSERT INTO campaign_applications (campaign_id, user_id, message, sns_link, follower_count, held_until)
        SELECT $1, $2, $3, $4, $5, now() + make_interval(days => $6) FROM pending WHERE applications < $7
        ON CONFLICT (campaign_id, user_id) DO NOTHING RETURNING id
    )
    SELECT applications, id FROM pending LEFT JOIN made ON true
"""
REFUSAL = """
    SELECT c.status, c.deadline, c.creator_id,
        EXISTS (SELECT FROM campaign_applications AS a WHERE a.campaign_id = c.id AND a.user_id = $2) AS applied,
        EXISTS (
            SELECT FROM campaign_applications AS a
            WHERE a.campaign_id = c.id AND a.status = 'pending' AND a.held_until <= clock_timestamp()
        ) AS overdue
    FROM campaigns AS c WHERE c.id = $1
"""


class _RefusedBy(NamedTuple):
    """The campaign that had no place for a user: its columns, whether the user has `applied`, and whether an `overdue`
    application may give up its place."""

    status: str
    deadline: datetime
    creator_id: int
    applied: bool
    overdue: bool


@dataclass(frozen=True, slots=True)
class ApplicationLimits:
    """For how long an application keeps its place, and how many undecided ones a user may have at a time."""

    hold_days: int
    max_pending: int


@dataclass(frozen=True, slots=True)
class ApplicationRequest:
    """What the user `user_id` applies with."""

    campaign_id: int
    user_id: int
    message: str
    sns_link: str | None
    follower_count: int


async def apply(
    session: AsyncSession, *, cache: Cache, application: ApplicationRequest, limits: ApplicationLimits
) -> int:
    """Take a place; the application's id.

    Raises DeadlinePassed (400), CampaignNotFound, ClosedToApplications (404), AlreadyApplied, CampaignFull,
    TooManyApplications (409) or OwnCampaign (422).
    """
    connection = await driver(session)
    creator_id = await connection.fetchval(TAKE_PLACE, application.campaign_id, application.user_id)
    if creator_id is None:
        await _refuse_unless_overdue(session, application)
        await free_place(session, cache=cache, campaign_id=application.campaign_id)
        creator_id = await connection.fetchval(TAKE_PLACE, application.campaign_id, application.user_id)
    if creator_id is None:
        raise CampaignFull
    # After the campaign's row: whoever has this lock waits for no campaign.
    await connection.execute(LOCK_APPLICANT, str(application.user_id))
    application_id = await _write(session, application, limits)
    event = ApplicationSubmitted(
        application_id=application_id,
        campaign_id=application.campaign_id,
        creator_id=creator_id,
        user_id=application.user_id,
    )
    await publish(session, Outbox, event, key=f"campaign:{application.campaign_id}")
    cache.invalidate_after_commit(session, campaign_tag(application.campaign_id))
    return application_id


async def _write(session: AsyncSession, application: ApplicationRequest, limits: ApplicationLimits) -> int:
    row = await (await driver(session)).fetchrow(
        APPLY,
        application.campaign_id,
        application.user_id,
        application.message,
        application.sns_link,
        application.follower_count,
        limits.hold_days,
        limits.max_pending,
    )
    assert row is not None  # noqa: S101 - an aggregate always answers
    if row["id"] is not None:
        return int(row["id"])
    if row["applications"] >= limits.max_pending:
        raise TooManyApplications(limits.max_pending)
    raise AlreadyApplied


async def _refuse_unless_overdue(session: AsyncSession, application: ApplicationRequest) -> None:
    """Says why there was no place, unless an overdue application may give one up. If the
    reason has gone away meanwhile, the places were taken."""
    row = await (await driver(session)).fetchrow(REFUSAL, application.campaign_id, application.user_id)
    if row is None:
        raise CampaignNotFound
    campaign = _RefusedBy(*row)
    if campaign.applied:
        raise AlreadyApplied
    if campaign.status != "completed" and campaign.deadline <= utcnow():
        raise DeadlinePassed
    if campaign.status != "active":
        raise ClosedToApplications
    if campaign.creator_id == application.user_id:
        raise OwnCampaign
    if not campaign.overdue:
        raise CampaignFull
