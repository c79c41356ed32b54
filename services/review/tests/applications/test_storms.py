"""Many applicants at one moment: the database keeps the places, and nobody gets an error of ours."""

from __future__ import annotations

import asyncio
from collections import Counter

import httpx
from sqlalchemy import func, select

from review_service.schema import Application, Campaign, Outbox
from services.review.tests.factories import CREATOR, Person, make_application, make_campaign, subscribe
from shared.db.database import Database

APPLICANTS = range(1000, 1200)


async def _counts(database: Database, campaign_id: int) -> tuple[int, int, int, int]:
    """Places taken, applications counted, rows that take a place, all rows."""
    async with database.session() as session:
        campaign = await session.get_one(Campaign, campaign_id)
        rows = list(
            await session.scalars(select(Application.status).where(Application.campaign_id == campaign_id))
        )
    taking = sum(status != "rejected" for status in rows)
    return campaign.places_taken, campaign.applications_count, taking, len(rows)


async def test_two_hundred_apply_for_ten_places_and_exactly_ten_get_one(
    committed_client: httpx.AsyncClient, committed_db: Database
) -> None:
    campaign_id = await make_campaign(committed_db, max_reviewers=10)
    answers = await asyncio.gather(
        *(Person(committed_client, user).apply(campaign_id) for user in APPLICANTS)
    )
    assert Counter(answer.status_code for answer in answers) == {201: 10, 409: 190}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"campaign_full"}
    assert await _counts(committed_db, campaign_id) == (10, 10, 10, 10)
    async with committed_db.session() as session:
        told = select(func.count()).where(Outbox.type == "application.submitted")
        assert await session.scalar(told) == 10


async def test_the_same_user_twenty_times_at_once_applies_once(
    committed_client: httpx.AsyncClient, committed_db: Database
) -> None:
    campaign_id = await make_campaign(committed_db)
    person = Person(committed_client, APPLICANTS[0])
    answers = await asyncio.gather(*(person.apply(campaign_id) for _ in range(20)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 19}
    assert await _counts(committed_db, campaign_id) == (1, 1, 1, 1)


async def test_decisions_and_applications_at_once_never_overfill(
    committed_client: httpx.AsyncClient, committed_db: Database
) -> None:
    await subscribe(committed_db, CREATOR)
    campaign_id = await make_campaign(committed_db, max_reviewers=5)
    rejected = [
        await make_application(committed_db, campaign_id, user, status="rejected") for user in range(500, 510)
    ]
    creator = Person(committed_client, CREATOR)
    answers = await asyncio.gather(
        *(creator.put(f"/applications/{one}", {"status": "approved"}) for one in rejected),
        *(Person(committed_client, user).apply(campaign_id) for user in APPLICANTS[:20]),
    )
    assert {answer.status_code for answer in answers} <= {200, 201, 409}
    taken, counted, taking, rows = await _counts(committed_db, campaign_id)
    assert (taken, taking) == (5, 5)
    assert counted == rows
