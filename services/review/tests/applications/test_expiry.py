"""Undecided applications do not keep their places for ever, and nobody has many of them."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select, update

from review_service.applications.decisions import free_places
from review_service.schema import Application, Campaign
from services.review.tests.factories import (
    CREATOR,
    REVIEWER,
    Person,
    make_application,
    make_campaign,
    subscribe,
)
from services.review.tests.kit import Published
from shared.db.database import Database
from shared.runtime import Runtime
from shared.schemas.dates import utcnow
from testing.rollback import TestDatabase

LATER = 300


async def _overdue(database: Database, *application_ids: int) -> None:
    """The first of them for the longest."""
    async with database.session() as session:
        for number, application_id in enumerate(application_ids):
            held_until = utcnow() - timedelta(days=10 - number)
            await session.execute(
                update(Application).where(Application.id == application_id).values(held_until=held_until)
            )


async def _statuses(database: Database, campaign_id: int) -> list[tuple[str, bool]]:
    async with database.session() as session:
        query = select(Application).where(Application.campaign_id == campaign_id).order_by(Application.id)
        return [(found.status, found.expired) for found in await session.scalars(query)]


async def test_the_longest_undecided_gives_its_place_to_who_applies_to_a_full_campaign(
    client: httpx.AsyncClient, db: TestDatabase, published: Published
) -> None:
    campaign_id = await make_campaign(db, max_reviewers=3)
    first, second, _ = [await make_application(db, campaign_id, user) for user in (101, 102, 103)]
    assert (await Person(client, LATER).apply(campaign_id)).json()["code"] == "campaign_full"
    await _overdue(db, second, first)
    assert (await Person(client, 102).apply(campaign_id)).json()["code"] == "already_applied"
    assert (await Person(client, LATER).apply(campaign_id)).status_code == 201
    pending = ("pending", False)
    assert await _statuses(db, campaign_id) == [pending, ("rejected", True), pending, pending]
    (own,) = (await Person(client, 102).get("/my-applications")).json()
    assert (own["status"], own["expired"]) == ("rejected", True)
    assert [(kind, data.get("expired")) for kind, data in await published()] == [
        ("application.decided", True),
        ("application.submitted", None),
    ]


async def test_the_schedule_frees_one_place_where_a_campaign_is_full_and_none_elsewhere(
    runtime: Runtime, client: httpx.AsyncClient, db: TestDatabase
) -> None:
    full, roomy = await make_campaign(db, max_reviewers=2), await make_campaign(db, max_reviewers=3)
    waiting = [
        await make_application(db, campaign, user) for campaign in (full, roomy) for user in (101, 102)
    ]
    await _overdue(db, *waiting)
    assert await free_places(runtime.database, runtime.cache) == 1
    assert await free_places(runtime.database, runtime.cache) == 0
    assert (await client.get(f"/api/review/campaigns/{full}")).json()["spots_available"] == 1
    assert await _statuses(db, roomy) == [("pending", False)] * 2


async def test_a_creator_still_decides_on_what_has_lost_its_place(
    client: httpx.AsyncClient, db: TestDatabase, runtime: Runtime
) -> None:
    await subscribe(db, CREATOR)
    campaign_id = await make_campaign(db, max_reviewers=1)
    application_id = await make_application(db, campaign_id)
    await _overdue(db, application_id)
    await free_places(runtime.database, runtime.cache)
    creator = Person(client, CREATOR)
    for status in ("pending", "approved"):
        assert (await creator.put(f"/applications/{application_id}", {"status": status})).status_code == 200
        assert await free_places(runtime.database, runtime.cache) == 0
        assert await _statuses(db, campaign_id) == [(status, False)]


@pytest.fixture
def settings_overrides() -> dict[str, int]:
    return {"max_pending_applications": 3}


async def test_a_user_has_only_so_many_undecided_applications(
    client: httpx.AsyncClient, db: TestDatabase
) -> None:
    campaigns = [await make_campaign(db) for _ in range(6)]
    reviewer = Person(client, REVIEWER)
    made = [(await reviewer.apply(campaign_id)).json()["id"] for campaign_id in campaigns[:3]]
    refused = await reviewer.apply(campaigns[3])
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_applications")
    assert (refused.json()["limit"], "3 applications" in refused.json()["error"]) == (3, True)
    assert (await client.get(f"/api/review/campaigns/{campaigns[3]}")).json()["spots_available"] == 10
    await _overdue(db, made[0])
    await subscribe(db, CREATOR)
    await Person(client, CREATOR).put(f"/applications/{made[1]}", {"status": "approved"})
    for campaign_id, status in zip(campaigns[3:], (201, 201, 409), strict=True):
        assert (await reviewer.apply(campaign_id)).status_code == status


async def test_who_applies_everywhere_at_once_gets_no_more(
    committed_client: httpx.AsyncClient, committed_db: Database
) -> None:
    campaigns = [await make_campaign(committed_db) for _ in range(8)]
    person = Person(committed_client, REVIEWER)
    answers = await asyncio.gather(*(person.apply(campaign_id) for campaign_id in campaigns))
    assert Counter(answer.status_code for answer in answers) == {201: 3, 409: 5}
    async with committed_db.session() as session:
        taken = await session.scalars(select(Campaign.places_taken))
        assert sum(taken) == 3


async def test_many_apply_where_two_are_overdue_and_two_get_their_places(
    committed_client: httpx.AsyncClient, committed_db: Database
) -> None:
    campaign_id = await make_campaign(committed_db, max_reviewers=3)
    overdue = [await make_application(committed_db, campaign_id, user) for user in (101, 102)]
    await make_application(committed_db, campaign_id, 103)
    await _overdue(committed_db, *overdue)
    answers = await asyncio.gather(
        *(Person(committed_client, user).apply(campaign_id) for user in range(1000, 1020))
    )
    assert Counter(answer.status_code for answer in answers) == {201: 2, 409: 18}
    async with committed_db.session() as session:
        campaign = await session.get_one(Campaign, campaign_id)
        assert (campaign.places_taken, campaign.applications_count) == (3, 5)
