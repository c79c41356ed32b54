"""Changing and ending campaigns."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from review_service.campaigns.service import close_expired
from review_service.schema import Campaign
from services.review.tests.factories import (
    REVIEWER,
    Person,
    ahead,
    make_campaign,
    subscribe,
)
from services.review.tests.kit import CAMPAIGNS, Published, ids
from shared.runtime import Runtime
from testing.rollback import TestDatabase


async def test_creators_change_what_they_say_and_leave_the_rest(
    client: httpx.AsyncClient, creator: Person, db: TestDatabase
) -> None:
    campaign_id = await make_campaign(db)
    await client.get(f"{CAMPAIGNS}/{campaign_id}")
    changed = await creator.patch(
        f"/campaigns/{campaign_id}", {"title": "선크림 체험단", "description": None, "max_reviewers": 4}
    )
    assert changed.status_code == 200, changed.text
    shown = (await client.get(f"{CAMPAIGNS}/{campaign_id}")).json()
    assert shown == changed.json()
    assert (shown["title"], shown["description"], shown["spots_available"]) == ("선크림 체험단", None, 4)
    assert shown["product_name"] == "Glow Lab 수분 크림"
    for query, found in (("선크림", [campaign_id]), ("겨울", [])):
        answer = await client.get("/api/review/search", params={"q": query})
        assert [hit["id"] for hit in answer.json()["campaigns"]] == found


async def test_places_never_become_fewer_than_are_taken(creator: Person, db: TestDatabase) -> None:
    campaign_id = await make_campaign(db, max_reviewers=3, places_taken=2, applications_count=2)
    assert (await creator.patch(f"/campaigns/{campaign_id}", {"max_reviewers": 2})).status_code == 200
    refused = await creator.patch(f"/campaigns/{campaign_id}", {"max_reviewers": 1})
    assert (refused.status_code, refused.json()["code"]) == (409, "fewer_than_taken")
    assert refused.json()["errors"][0]["field"] == "max_reviewers"


@pytest.mark.parametrize("change", [{"title": None}, {"deadline": "2020-01-01T00:00:00Z"}])
async def test_a_wrong_change_is_refused(creator: Person, db: TestDatabase, change: dict[str, Any]) -> None:
    campaign_id = await make_campaign(db)
    answer = await creator.patch(f"/campaigns/{campaign_id}", change)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] in change


async def test_only_the_creator_changes_or_ends_a_campaign(
    client: httpx.AsyncClient, db: TestDatabase
) -> None:
    await subscribe(db, REVIEWER)
    campaign_id = await make_campaign(db)
    other = Person(client, REVIEWER)
    for answer in (
        await other.patch(f"/campaigns/{campaign_id}", {"title": "mine"}),
        await other.post(f"/campaigns/{campaign_id}/close"),
        await other.post(f"/campaigns/{campaign_id}/complete"),
        await other.get(f"/campaigns/{campaign_id}/applications"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "not_the_creator")
    unknown = await other.post(f"/campaigns/{campaign_id + 1}/close")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "campaign_not_found")


async def test_a_campaign_ends_step_by_step_and_never_opens_again(
    client: httpx.AsyncClient, creator: Person, db: TestDatabase, published: Published
) -> None:
    campaign_id = await make_campaign(db)
    path = f"/campaigns/{campaign_id}"
    for _ in range(2):
        assert (await creator.post(f"{path}/close")).json()["status"] == "closed"
    assert await ids(client) == []
    assert (await client.get("/api/review/search?q=크림")).json()["campaigns"] == []
    assert (await creator.patch(path, {"title": "late"})).json()["code"] == "campaign_over"
    for _ in range(2):
        assert (await creator.post(f"{path}/complete")).json()["status"] == "completed"
    back = await creator.post(f"{path}/close")
    assert (back.status_code, back.json()["code"]) == (409, "campaign_over")
    assert [kind for kind, _ in await published()] == ["campaign.closed", "campaign.completed"]


async def test_a_passed_deadline_closes_for_everybody_before_any_schedule_ran(
    client: httpx.AsyncClient, creator: Person, db: TestDatabase
) -> None:
    campaign_id = await make_campaign(db, deadline=ahead(-0.001))
    assert await ids(client) == []
    assert (await client.get("/api/review/search?q=크림")).json()["campaigns"] == []
    assert (await creator.get("/my-campaigns")).json()[0]["status"] == "closed"
    changed = await creator.patch(f"/campaigns/{campaign_id}", {"deadline": ahead().isoformat()})
    assert changed.json()["code"] == "campaign_over"


async def test_the_schedule_closes_what_is_past_its_deadline_and_says_so(
    runtime: Runtime, db: TestDatabase, published: Published
) -> None:
    late = [await make_campaign(db, deadline=ahead(-1)) for _ in range(3)]
    still_open = await make_campaign(db)
    assert await close_expired(runtime.database, runtime.cache) == 3
    assert await close_expired(runtime.database, runtime.cache) == 0
    async with db.session() as session:
        assert {(await session.get_one(Campaign, one)).status for one in late} == {"closed"}
        assert (await session.get_one(Campaign, still_open)).status == "active"
    assert [kind for kind, _ in await published()] == ["campaign.closed"] * 3
