"""Making, reading, changing and ending campaigns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from review_service.campaigns.closing import close_expired
from review_service.schema import Campaign
from services.review.tests.factories import (
    CREATOR,
    REVIEWER,
    Person,
    ahead,
    campaign_body,
    make_application,
    make_campaign,
    subscribe,
)
from services.review.tests.kit import Published
from shared.runtime import Runtime
from shared.testing.rollback import TestDatabase

CAMPAIGNS = "/api/review/campaigns"


@pytest.fixture
async def creator(client: httpx.AsyncClient, db: TestDatabase) -> Person:
    await subscribe(db, CREATOR)
    return Person(client, CREATOR)


async def ids(client: httpx.AsyncClient, **query: Any) -> list[int]:
    answer = await client.get(CAMPAIGNS, params=query)
    assert answer.status_code == 200, answer.text
    return [campaign["id"] for campaign in answer.json()["campaigns"]]


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


async def test_a_list_has_the_contracts_envelope_and_fields(
    client: httpx.AsyncClient, db: TestDatabase
) -> None:
    await make_campaign(db, max_reviewers=3, places_taken=2, applications_count=4)
    page = (await client.get(CAMPAIGNS)).json()
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
        ({"title": "x" * 201}, "title"),
        ({"product_name": None}, "product_name"),
        ({"reward_type": "money"}, "reward_type"),
        ({"reward_value": 5}, "reward_value"),
        ({"max_reviewers": 0}, "max_reviewers"),
        ({"max_reviewers": True}, "max_reviewers"),
        ({"max_reviewers": 10_001}, "max_reviewers"),
        ({"deadline": "2020-01-01T00:00:00Z"}, "deadline"),
        ({"deadline": "2100-01-01T00:00:00Z"}, "deadline"),
        ({"deadline": 1893456000}, "deadline"),
        ({"description": "a\x00b"}, "description"),
        ({"desciption": "typo"}, "desciption"),
    ],
)
async def test_a_wrong_campaign_is_refused_by_the_fields_name(
    creator: Person, change: dict[str, Any], field: str
) -> None:
    answer = await creator.post("/campaigns", campaign_body(**change))
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]]


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


@pytest.mark.parametrize(
    "change", [{"title": None}, {"deadline": "2020-01-01T00:00:00Z"}, {"status": "closed"}]
)
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
    assert await close_expired(runtime) == 3
    assert await close_expired(runtime) == 0
    async with db.session() as session:
        assert {(await session.get_one(Campaign, one)).status for one in late} == {"closed"}
        assert (await session.get_one(Campaign, still_open)).status == "active"
    assert [kind for kind, _ in await published()] == ["campaign.closed"] * 3


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
        ({"page": 0}, "page"),
        ({"per_page": 101}, "per_page"),
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
