"""What creators decide about applications."""

from __future__ import annotations

import httpx

from services.review.tests.factories import (
    REVIEWER,
    Person,
    make_application,
    make_campaign,
    subscribe,
)
from services.review.tests.kit import Published, spots
from testing.rollback import TestDatabase


async def test_the_applicant_sees_what_was_decided_and_an_event_tells_it(
    reviewer: Person, creator: Person, db: TestDatabase, published: Published
) -> None:
    application_id = await make_application(db, await make_campaign(db))
    for status in ("approved", "approved", "rejected", "pending"):
        answer = await creator.put(f"/applications/{application_id}", {"status": status})
        assert (answer.status_code, answer.json()["status"]) == (200, status)
        assert (await reviewer.get("/my-applications")).json()[0]["status"] == status
    events = await published()
    assert [kind for kind, _ in events] == ["application.decided"] * 3
    assert [event["status"] for _, event in events] == ["approved", "rejected", "pending"]
    assert {(event["user_id"], event["campaign_title"]) for _, event in events} == {
        (REVIEWER, "수분 크림 체험단")
    }


async def test_a_rejection_frees_the_place_and_taking_it_back_needs_one_again(
    client: httpx.AsyncClient, reviewer: Person, creator: Person, db: TestDatabase
) -> None:
    campaign_id = await make_campaign(db, max_reviewers=1)
    rejected = await make_application(db, campaign_id, REVIEWER + 1)
    assert (await reviewer.apply(campaign_id)).json()["code"] == "campaign_full"
    await creator.put(f"/applications/{rejected}", {"status": "rejected"})
    assert await spots(client, campaign_id) == (1, 1)
    assert (await reviewer.apply(campaign_id)).status_code == 201
    assert await spots(client, campaign_id) == (0, 2)
    for status in ("approved", "pending"):
        answer = await creator.put(f"/applications/{rejected}", {"status": status})
        assert (answer.status_code, answer.json()["code"]) == (409, "campaign_full")
    assert await spots(client, campaign_id) == (0, 2)


async def test_decisions_go_on_after_closing_and_end_with_completion(
    creator: Person, db: TestDatabase
) -> None:
    campaign_id = await make_campaign(db)
    application_id = await make_application(db, campaign_id)
    path = f"/applications/{application_id}"
    await creator.post(f"/campaigns/{campaign_id}/close")
    assert (await creator.put(path, {"status": "approved"})).status_code == 200
    await creator.post(f"/campaigns/{campaign_id}/complete")
    assert (await creator.put(path, {"status": "approved"})).status_code == 200
    late = await creator.put(path, {"status": "rejected"})
    assert (late.status_code, late.json()["code"]) == (409, "campaign_over")


async def test_only_the_creator_decides(client: httpx.AsyncClient, creator: Person, db: TestDatabase) -> None:
    await subscribe(db, REVIEWER)
    application_id = await make_application(db, await make_campaign(db))
    refused = await Person(client, REVIEWER).put(f"/applications/{application_id}", {"status": "approved"})
    assert (refused.status_code, refused.json()["code"]) == (403, "not_the_creator")
    unknown = await creator.put(f"/applications/{application_id + 1}", {"status": "approved"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "application_not_found")
    wrong = await creator.put(f"/applications/{application_id}", {"status": "accepted"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "status")
