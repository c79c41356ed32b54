"""What review does when platform tells something, and how its copies are rebuilt."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from review_service.commands import USERS
from review_service.consumers import consumer_of
from review_service.schema import Application, Campaign, User
from services.review.tests.factories import (
    CREATOR,
    REVIEWER,
    Person,
    make_application,
    make_campaign,
    make_user,
    subscribe,
)
from services.review.tests.kit import Published
from shared.runtime import Runtime
from shared.service import ServiceDefinition
from testing.conformance import telling
from testing.rollback import TestDatabase

tell = telling(consumer_of)


def user(version: int, name: str = "김하나", user_id: int = REVIEWER) -> dict[str, Any]:
    return {"user_id": user_id, "name": name, "email": f"{name}@example.com", "version": version}


async def known(db: TestDatabase) -> dict[int, tuple[str, str]]:
    async with db.session() as session:
        return {row.id: (row.name, row.email) for row in await session.scalars(select(User))}


async def test_the_copy_follows_and_what_is_told_late_changes_nothing(
    runtime: Runtime, db: TestDatabase
) -> None:
    await tell(runtime, "user.updated", **user(3, "셋"))
    await tell(runtime, "user.registered", **user(1, "하나"))
    await tell(runtime, "user.updated", **user(2, "둘"))
    assert await known(db) == {REVIEWER: ("셋", "셋@example.com")}
    await tell(runtime, "user.updated", **user(4, "넷"))
    assert await known(db) == {REVIEWER: ("넷", "넷@example.com")}


@pytest.mark.parametrize("heard_before", [True, False])
async def test_a_deleted_user_never_comes_back(
    runtime: Runtime, db: TestDatabase, heard_before: bool
) -> None:
    if heard_before:
        await tell(runtime, "user.registered", **user(1))
    for _ in range(2):
        await tell(runtime, "user.deleted", user_id=REVIEWER)
    await tell(runtime, "user.updated", **user(99))
    assert await known(db) == {REVIEWER: ("Deleted user", "")}


async def test_a_deleted_applicants_application_stays_without_the_person(
    runtime: Runtime, client: httpx.AsyncClient, db: TestDatabase
) -> None:
    await subscribe(db, CREATOR)
    await make_user(db)
    campaign_id = await make_campaign(db)
    application_id = await make_application(
        db, campaign_id, message="저는 하나입니다", sns_link="https://sns.example/hana", follower_count=7
    )
    await tell(runtime, "user.deleted", user_id=REVIEWER)
    creator = Person(client, CREATOR)
    (left,) = (await creator.get(f"/campaigns/{campaign_id}/applications")).json()
    assert left.items() >= {
        "id": application_id, "user_name": "Deleted user", "user_email": "", "message": "", "sns_link": None,
        "follower_count": 7, "status": "pending",
    }.items()  # fmt: skip
    async with db.session() as session:
        campaign = await session.get_one(Campaign, campaign_id)
        assert (campaign.places_taken, campaign.applications_count) == (1, 1)


async def test_a_deleted_creators_campaigns_are_closed(
    runtime: Runtime, client: httpx.AsyncClient, db: TestDatabase, published: Published
) -> None:
    await subscribe(db, CREATOR)
    campaign_id = await make_campaign(db)
    other = await make_campaign(db, CREATOR + 1)
    for _ in range(2):
        await tell(runtime, "user.deleted", user_id=CREATOR)
    assert (await client.get(f"/api/review/campaigns/{campaign_id}")).json()["status"] == "closed"
    assert (await client.get(f"/api/review/campaigns/{other}")).json()["status"] == "active"
    assert [kind for kind, _ in await published()] == ["campaign.closed"]
    assert (await Person(client, CREATOR).get("/my-campaigns")).status_code == 403


async def test_a_deactivated_creators_campaigns_are_closed_and_old_news_closes_nothing(
    runtime: Runtime, client: httpx.AsyncClient, db: TestDatabase, published: Published
) -> None:
    campaign_id = await make_campaign(db)
    await tell(runtime, "user.updated", **user(3, user_id=CREATOR), is_active=True)
    await tell(runtime, "user.updated", **user(2, user_id=CREATOR), is_active=False)
    assert (await client.get(f"/api/review/campaigns/{campaign_id}")).json()["status"] == "active"
    for _ in range(2):
        await tell(runtime, "user.updated", **user(4, user_id=CREATOR), is_active=False)
    assert (await client.get(f"/api/review/campaigns/{campaign_id}")).json()["status"] == "closed"
    assert [kind for kind, _ in await published()] == ["campaign.closed"]


async def test_creators_decide_without_a_subscription(client: httpx.AsyncClient, db: TestDatabase) -> None:
    campaign_id = await make_campaign(db)
    application_id = await make_application(db, campaign_id)
    creator, other = Person(client, CREATOR), Person(client, CREATOR + 1)
    decision = {"status": "approved"}
    assert (await creator.put(f"/applications/{application_id}", decision)).status_code == 200
    (received,) = (await creator.get(f"/campaigns/{campaign_id}/applications")).json()
    assert received["status"] == "approved"
    for refused in (
        await other.put(f"/applications/{application_id}", decision),
        await other.get(f"/campaigns/{campaign_id}/applications"),
        await creator.get("/my-campaigns"),
    ):
        assert (refused.status_code, refused.json()["code"]) == (403, "subscription_required")


async def test_a_subscription_lets_in_and_its_end_shuts_out(
    runtime: Runtime, client: httpx.AsyncClient
) -> None:
    creator = Person(client, CREATOR)
    for version, active, status in ((1, True, 200), (2, False, 403)):
        await tell(
            runtime,
            "entitlement.changed",
            user_id=CREATOR, product="review", active=active, valid_until=None, customer=None, version=version,
        )  # fmt: skip
        assert (await creator.get("/my-campaigns")).status_code == status


async def test_the_rebuild_brings_what_was_missed_and_erases_who_is_gone(
    runtime: Runtime, db: TestDatabase, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    await make_user(db, 1, name="old", version=1)
    await make_user(db, 2, name="newer here", version=9)
    await make_user(db, 3, name="gone", version=1)
    campaign_id = await make_campaign(db, creator_id=3)
    application_id = await make_application(db, campaign_id, 3, message="words")
    pages = {
        None: ([user(2, "new", 1), user(5, "late", 2)], "next"),
        "next": ([user(1, "unheard of", 4)], None),
    }

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/internal/snapshots/users"
        assert request.headers["authorization"].startswith("Bearer ")
        items, following = pages[request.url.params.get("after")]
        more = {"role": "user", "is_active": True}
        return httpx.Response(200, json={"items": [item | more for item in items], "next": following})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        monkeypatch.setattr(runtime, "http", http)
        assert await USERS.run(Namespace(action="rebuild"), runtime) == 0
    assert capsys.readouterr().out == "2 users were added or updated from platform, and 1 were removed.\n"
    assert {number: name for number, (name, _) in (await known(db)).items()} == {
        1: "new",
        2: "newer here",
        3: "Deleted user",
        4: "unheard of",
    }
    async with db.session() as session:
        assert (await session.get_one(Application, application_id)).message == ""
        assert (await session.get_one(Campaign, campaign_id)).status == "closed"


async def test_without_platform_each_rebuild_says_so(
    runtime: Runtime, definition: ServiceDefinition, capsys: pytest.CaptureFixture[str]
) -> None:
    rebuilds = [command for command in definition.commands if command.name in {"entitlements", "users"}]
    assert len(rebuilds) == 2
    for command in rebuilds:
        assert await command.run(Namespace(action="rebuild"), runtime) == 1
        assert "platform does not answer" in capsys.readouterr().err
