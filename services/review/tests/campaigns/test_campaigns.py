"""Making and reading campaigns."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from services.review.tests.factories import (
    CREATOR,
    REVIEWER,
    Person,
    ahead,
    campaign_body,
    make_application,
    make_campaign,
)
from services.review.tests.kit import CAMPAIGNS, Published, ids
from shared.schemas.dates import BUSINESS_ZONE, utcnow
from testing.rollback import TestDatabase


async def test_a_new_campaign_shows_at_once_in_every_list(
    client: httpx.AsyncClient, creator: Person, published: Published
) -> None:
    assert await ids(client) == []
    made = await creator.post("/campaigns", campaign_body())
    assert made.status_code == 201, made.text
    campaign_id = made.json()["id"]
    assert await ids(client) == [campaign_id]
    detail = (await client.get(f"{CAMPAIGNS}/{campaign_id}")).json()
    assert (detail["status"], detail["spots_available"], detail["applications_count"]) == ("active", 10, 0)
    assert detail["description"] == "겨울 피부를 위한 크림"
    (own,) = (await creator.get("/my-campaigns")).json()
    assert (own["id"], own["status"], own["max_reviewers"]) == (campaign_id, "active", 10)
    ((kind, event),) = await published()
    assert (kind, event["campaign_id"], event["creator_id"]) == ("campaign.created", campaign_id, CREATOR)


async def test_marks_without_end_are_refused_and_a_long_word_is_not(creator: Person) -> None:
    marked = "a" + "\u0301\u0323" * 15
    assert (await creator.post("/campaigns", campaign_body(description=marked))).status_code == 201
    answer = await creator.post("/campaigns", campaign_body(description=marked + "\u0301"))
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "description")
    assert (await creator.post("/campaigns", campaign_body(description="a" * 10_000))).status_code == 201


async def test_a_list_has_the_contracts_envelope_and_fields(
    client: httpx.AsyncClient, db: TestDatabase
) -> None:
    campaign_id = await make_campaign(db, max_reviewers=3, places_taken=2, applications_count=4)
    page = (await client.get(CAMPAIGNS)).json()
    detail = (await client.get(f"{CAMPAIGNS}/{campaign_id}")).json()
    for shown in (page["campaigns"][0], detail):
        assert (shown["current_reviewers"], shown["spots_available"]) == (2, 1)
    assert (page["total"], page["pages"], page["current_page"]) == (1, 1, 1)
    campaign = page["campaigns"][0]
    assert {"title", "product_name", "category", "reward_value", "deadline", "created_at"} <= campaign.keys()
    assert (campaign["reward_type"], campaign["max_reviewers"], campaign["applications_count"]) == (
        "product",
        3,
        4,
    )


async def test_pages_hold_twelve_newest_first_and_cursors_lead_through_all(
    client: httpx.AsyncClient, db: TestDatabase
) -> None:
    made = [await make_campaign(db) for _ in range(15)][::-1]
    assert await ids(client) == made[:12]
    assert await ids(client, page=2) == made[12:]
    assert await ids(client, page=10**15) == []
    seen, cursor = list[int](), None
    while True:
        query = {"per_page": 4} | ({"cursor": cursor} if cursor else {})
        page = (await client.get(CAMPAIGNS, params=query)).json()
        seen += [campaign["id"] for campaign in page["campaigns"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == made


async def test_lists_have_open_campaigns_alone_and_a_category_exactly(
    client: httpx.AsyncClient, db: TestDatabase
) -> None:
    await make_campaign(db, deadline=ahead(-1))
    await make_campaign(db, status="closed")
    await make_campaign(db, status="completed")
    beauty = await make_campaign(db)
    food = await make_campaign(db, category="food & drink")
    assert await ids(client) == [food, beauty]
    assert await ids(client, category="food & drink") == [food]
    assert await ids(client, category="food") == []
    assert await ids(client, category="") == [food, beauty]


async def test_one_campaign_is_read_also_after_it_is_over(
    client: httpx.AsyncClient, db: TestDatabase
) -> None:
    for values, status in (
        ({"deadline": ahead(-1)}, "closed"),
        ({"status": "closed"}, "closed"),
        ({"status": "completed", "deadline": ahead(-1)}, "completed"),
    ):
        campaign_id = await make_campaign(db, **values)
        assert (await client.get(f"{CAMPAIGNS}/{campaign_id}")).json()["status"] == status
    unknown = await client.get(f"{CAMPAIGNS}/{campaign_id + 1}")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "campaign_not_found")


async def test_a_warm_read_does_not_touch_the_database_and_304_spares_the_bytes(
    client: httpx.AsyncClient, db: TestDatabase, query_recorder: Callable[[], Any]
) -> None:
    campaign_id = await make_campaign(db)
    paths = (CAMPAIGNS, f"{CAMPAIGNS}/{campaign_id}", "/api/review/search?q=크림", "/api/review/suggest?q=수")
    cold = [await client.get(path) for path in paths]
    with query_recorder() as queries:
        for path, first in zip(paths, cold, strict=True):
            assert "public" in first.headers["cache-control"]
            again = await client.get(path, headers={"If-None-Match": first.headers["etag"]})
            assert (again.status_code, again.content) == (304, b"")
    assert queries == []


async def test_a_cold_list_is_two_queries(
    client: httpx.AsyncClient, db: TestDatabase, query_recorder: Callable[[], Any]
) -> None:
    for _ in range(5):
        await make_campaign(db)
    with query_recorder() as queries:
        await client.get(CAMPAIGNS)
    assert len(queries) == 2


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "\u3164"}, "title"),
        ({"title": "\ufffc"}, "title"),
        ({"product_name": "\u0378"}, "product_name"),
        ({"category": "be\u200bauty"}, "category"),
        ({"title": "x" * 201}, "title"),
        ({"product_name": None}, "product_name"),
        ({"reward_type": "money"}, "reward_type"),
        ({"reward_value": 5}, "reward_value"),
        ({"max_reviewers": 0}, "max_reviewers"),
        ({"max_reviewers": True}, "max_reviewers"),
        ({"max_reviewers": "1_0"}, "max_reviewers"),
        ({"max_reviewers": 10_001}, "max_reviewers"),
        ({"deadline": "2020-01-01T00:00:00Z"}, "deadline"),
        ({"deadline": "2100-01-01T00:00:00Z"}, "deadline"),
        ({"deadline": 1893456000}, "deadline"),
        ({"description": "a\x00b"}, "description"),
    ],
)
async def test_a_wrong_campaign_is_refused_by_the_fields_name(
    creator: Person, change: dict[str, Any], field: str
) -> None:
    answer = await creator.post("/campaigns", campaign_body(**change))
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]]


@pytest.mark.parametrize("days", [0, 7])
async def test_a_day_as_deadline_lasts_until_the_day_is_over_in_seoul_also_today(
    client: httpx.AsyncClient, creator: Person, days: int
) -> None:
    day = (utcnow().astimezone(BUSINESS_ZONE) + timedelta(days=days)).date()
    made = await creator.post("/campaigns", campaign_body(deadline=day.isoformat()))
    assert made.status_code == 201, made.text
    (campaign,) = (await client.get(CAMPAIGNS)).json()["campaigns"]
    ends = datetime.fromisoformat(campaign["deadline"])
    assert ends == datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=BUSINESS_ZONE)
    assert campaign["deadline"].startswith(day.isoformat())  # what cuts the day out of it shows the same
    assert (await Person(client, REVIEWER).apply(made.json()["id"])).status_code == 201
    later = await creator.patch(
        f"/campaigns/{made.json()['id']}", {"deadline": (day + timedelta(days=1)).isoformat()}
    )
    assert later.status_code == 200, later.text
    detail = (await client.get(f"{CAMPAIGNS}/{made.json()['id']}")).json()
    assert datetime.fromisoformat(detail["deadline"]) - ends == timedelta(days=1)


async def test_yesterday_is_no_deadline_any_more(creator: Person) -> None:
    day = (utcnow().astimezone(BUSINESS_ZONE) - timedelta(days=1)).date()
    answer = await creator.post("/campaigns", campaign_body(deadline=day.isoformat()))
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "deadline")


async def test_separate_letters_of_hangul_are_kept_as_syllables(
    client: httpx.AsyncClient, creator: Person
) -> None:
    made = await creator.post("/campaigns", campaign_body(title="\u1112\u1161\u11ab글 크림"))
    assert (await client.get(f"{CAMPAIGNS}/{made.json()['id']}")).json()["title"] == "한글 크림"


async def test_making_one_needs_a_token_and_a_subscription(client: httpx.AsyncClient) -> None:
    assert (await client.post(CAMPAIGNS, json=campaign_body())).status_code == 401
    for method, path in (
        ("POST", "/campaigns"),
        ("PATCH", "/campaigns/1"),
        ("POST", "/campaigns/1/close"),
        ("POST", "/campaigns/1/complete"),
        ("GET", "/my-campaigns"),
        ("GET", "/campaigns/1/applications"),
        ("PUT", "/applications/1"),
    ):
        refused = await Person(client, REVIEWER).call(method, path, {})
        assert (refused.status_code, refused.json()["code"]) == (403, "subscription_required"), path


async def test_the_same_key_makes_one_campaign(client: httpx.AsyncClient, creator: Person) -> None:
    body = campaign_body()
    first = await creator.post("/campaigns", body, key="k")
    assert (await creator.post("/campaigns", body, key="k")).content == first.content
    assert len(await ids(client)) == 1
    assert (await creator.post("/campaigns", body | {"title": "other"}, key="k")).status_code == 422


async def test_the_count_in_lists_is_a_column_and_not_counted(
    client: httpx.AsyncClient, db: TestDatabase
) -> None:
    campaign_id = await make_campaign(db)
    await make_application(db, campaign_id, status="rejected")
    campaign = (await client.get(CAMPAIGNS)).json()["campaigns"][0]
    assert campaign["applications_count"] == 1
    assert (await client.get(f"{CAMPAIGNS}/{campaign_id}")).json()["spots_available"] == 10


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"cursor": "?"}, "cursor"),
        ({"category": "x" * 51}, "category"),
    ],
)
async def test_a_wrong_query_is_refused_by_its_name(
    client: httpx.AsyncClient, query: dict[str, Any], field: str
) -> None:
    answer = await client.get(CAMPAIGNS, params=query)
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]]
