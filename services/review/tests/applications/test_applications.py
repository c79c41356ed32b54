"""Applying, and what applicants and creators see of it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from services.review.tests.factories import (
    CREATOR,
    REVIEWER,
    Person,
    ahead,
    make_application,
    make_campaign,
    make_user,
)
from services.review.tests.kit import Published, spots
from testing.app import pages_of
from testing.rollback import TestDatabase
from testing.tokens import auth_headers


async def test_an_application_shows_at_once_for_both_sides(
    client: httpx.AsyncClient, reviewer: Person, creator: Person, db: TestDatabase, published: Published
) -> None:
    campaign_id = await make_campaign(db)
    await make_user(db, name="김하나", email="hana@example.com")
    assert await spots(client, campaign_id) == (10, 0)
    made = await reviewer.apply(
        campaign_id, message="잘 쓰겠습니다", sns_link="https://sns.example/hana", follower_count=1200
    )
    assert made.status_code == 201, made.text
    assert await spots(client, campaign_id) == (9, 1)
    (own,) = (await reviewer.get("/my-applications")).json()
    assert (own["id"], own["campaign_title"], own["product_name"], own["reward_value"], own["status"]) == (
        made.json()["id"],
        "수분 크림 체험단",
        "Glow Lab 수분 크림",
        "정품 1개",
        "pending",
    )
    assert own["applied_at"]
    (received,) = (await creator.get(f"/campaigns/{campaign_id}/applications")).json()
    assert (
        received.items()
        >= {
            "user_name": "김하나",
            "user_email": "hana@example.com",
            "message": "잘 쓰겠습니다",
            "sns_link": "https://sns.example/hana",
            "follower_count": 1200,
            "status": "pending",
        }.items()
    )
    ((kind, event),) = await published()
    assert (kind, event["user_id"], event["creator_id"]) == ("application.submitted", REVIEWER, CREATOR)


@pytest.mark.parametrize(
    ("given", "link"),
    [
        ("@me", None),
        ("인스타 @하나, 블로그 hana.example", None),
        ("instagram.com/hana", None),
        ("insta: hana", None),
        ("https://", None),
        ("http://[", None),
        ("https://x.example/a b", None),
        ("ftp://x.example/", None),
        ("https://x.example/하나?p=1", "https://x.example/하나?p=1"),
        ("x" * 500, None),
        ("", None),
    ],
)
async def test_where_somebody_publishes_is_any_text_and_a_link_only_if_it_is_one(
    reviewer: Person, creator: Person, db: TestDatabase, given: str, link: str | None
) -> None:
    campaign_id = await make_campaign(db)
    made = await reviewer.apply(campaign_id, sns_link=given, follower_count="1200")
    assert made.status_code == 201, made.text
    (received,) = (await creator.get(f"/campaigns/{campaign_id}/applications")).json()
    assert (received["sns_link"], received["sns_url"]) == (given or None, link)
    assert received["follower_count"] == 1200


async def test_applying_needs_no_subscription_but_a_token(
    client: httpx.AsyncClient, db: TestDatabase
) -> None:
    campaign_id = await make_campaign(db)
    answer = await client.post(f"/api/review/campaigns/{campaign_id}/apply", json={"message": "x"})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("values", "status", "code"),
    [
        ({"status": "closed"}, 404, "campaign_not_found"),
        ({"status": "completed", "deadline": ahead(-1)}, 404, "campaign_not_found"),
        ({"deadline": ahead(-0.001)}, 400, "deadline_passed"),
        ({"deadline": ahead(-1), "status": "closed"}, 400, "deadline_passed"),
        ({"max_reviewers": 1, "places_taken": 1, "applications_count": 1}, 409, "campaign_full"),
        ({"creator_id": REVIEWER}, 422, "own_campaign"),
    ],
)
async def test_who_cannot_apply_learns_why(
    reviewer: Person,
    db: TestDatabase,
    published: Published,
    values: dict[str, Any],
    status: int,
    code: str,
) -> None:
    answer = await reviewer.apply(await make_campaign(db, **values))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["error"]
    assert await published() == []


async def test_a_closed_campaign_is_not_said_to_be_missing(reviewer: Person, db: TestDatabase) -> None:
    for status in ("closed", "completed"):
        campaign_id = await make_campaign(db, status=status)
        assert (await reviewer.get(f"/campaigns/{campaign_id}")).json()["status"] == status
        refused = (await reviewer.apply(campaign_id)).json()
        assert refused["code"] == "campaign_not_found"
        assert refused["error"] == refused["message"] == "This campaign takes no more applications."


async def test_an_unknown_campaign_is_404(reviewer: Person) -> None:
    answer = await reviewer.apply(2**62)
    assert answer.status_code == 404
    assert answer.json()["message"] == "There is no campaign with this id."


async def test_a_user_applies_once_also_to_a_full_campaign_and_after_a_rejection(
    client: httpx.AsyncClient, reviewer: Person, db: TestDatabase
) -> None:
    for values, status in (({}, "pending"), ({"max_reviewers": 1}, "pending"), ({}, "rejected")):
        campaign_id = await make_campaign(db, **values)
        await make_application(db, campaign_id, status=status)
        before = await spots(client, campaign_id)
        again = await reviewer.apply(campaign_id)
        assert (again.status_code, again.json()["code"]) == (409, "already_applied")
        assert await spots(client, campaign_id) == before


async def test_the_same_key_gets_the_same_answer(reviewer: Person, db: TestDatabase) -> None:
    campaign_id = await make_campaign(db)
    first = await reviewer.apply(campaign_id, key="k")
    again = await reviewer.apply(campaign_id, key="k")
    assert (again.status_code, again.content) == (201, first.content)
    other = await reviewer.apply(await make_campaign(db), key="k")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "message"),
        ({"message": " "}, "message"),
        ({"message": "x" * 2001}, "message"),
        ({"message": "x", "sns_link": "javascript:alert(1)"}, "sns_link"),
        ({"message": "x", "sns_link": " Java\tScript\n:alert(1)"}, "sns_link"),
        ({"message": "x", "sns_link": "data:text/html,<script>"}, "sns_link"),
        ({"message": "x", "sns_link": "x" * 501}, "sns_link"),
        ({"message": "x", "sns_link": f"https://x.example/{'y' * 500}"}, "sns_link"),
        ({"message": "x", "follower_count": -1}, "follower_count"),
        ({"message": "x", "follower_count": 1.5}, "follower_count"),
    ],
)
async def test_a_wrong_application_is_refused_by_the_fields_name(
    reviewer: Person, db: TestDatabase, body: dict[str, Any], field: str
) -> None:
    answer = await reviewer.post(f"/campaigns/{await make_campaign(db)}/apply", body)
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]]


async def test_ones_own_campaigns_and_applications_lead_on(
    client: httpx.AsyncClient, creator: Person, db: TestDatabase
) -> None:
    campaigns = [await make_campaign(db) for _ in range(3)]
    made = [await make_application(db, campaign_id) for campaign_id in campaigns]
    for path, user, ids in (
        ("/api/review/my-campaigns", CREATOR, campaigns[::-1]),
        ("/api/review/my-applications", REVIEWER, made[::-1]),
    ):
        assert await pages_of(client, f"{path}?limit=2", auth_headers(user)) == [ids[:2], ids[2:]]


async def test_long_lists_go_on_in_the_headers(creator: Person, db: TestDatabase) -> None:
    campaign_id = await make_campaign(db)
    made = [await make_application(db, campaign_id, user) for user in range(300, 305)][::-1]
    first = await creator.get(f"/campaigns/{campaign_id}/applications?limit=3")
    assert [row["id"] for row in first.json()] == made[:3]
    cursor = first.headers["x-next-cursor"]
    rest = await creator.get(f"/campaigns/{campaign_id}/applications?limit=3&cursor={cursor}")
    assert [row["id"] for row in rest.json()] == made[3:]
    assert "x-next-cursor" not in rest.headers
    assert rest.json()[0]["user_name"] == ""  # platform's event about this user is still on its way
