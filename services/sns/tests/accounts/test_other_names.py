"""A network with two names: each app reads the one that it said, and inside it is one network."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from fakes.networks.client import Fakes
from services.sns.tests.factories import Person, make_account, make_post
from shared.db.database import Database
from shared.runtime import Runtime
from sns_service.networks.registry import PlatformName
from testing.rollback import TestDatabase


@pytest.mark.parametrize("platform", get_args(PlatformName))
async def test_an_account_is_answered_by_the_name_that_it_was_linked_as(
    person: Person, db: TestDatabase, platform: str
) -> None:
    account_id = await person.link(platform, "내 채널")
    (listed,) = (await person.get("/accounts")).json()
    assert (listed["platform"], listed["account_name"]) == (platform, "내 채널")
    assert (await person.get(f"/accounts/{account_id}")).json()["platform"] == platform
    post_id = await make_post(db, account_id, status="published", template_type="shorts", likes=2)
    (post,) = (await person.get("/posts")).json()["posts"]
    assert post["platform"] == (await person.seen(post_id))["platform"] == platform
    assert (await person.get("/analytics")).json()["platform_breakdown"] == [
        {"platform": platform, "posts": 1, "engagement": 2}
    ]


@pytest.mark.parametrize(("first", "second"), [("youtube", "youtube_shorts"), ("youtube_shorts", "youtube")])
async def test_both_names_of_a_network_mean_the_same_account(person: Person, first: str, second: str) -> None:
    await person.link(first, "Kim")
    answer = await person.post("/accounts", {"platform": second, "account_name": "kim"})
    assert (answer.status_code, answer.json()["code"]) == (409, "account_exists")


async def test_an_account_that_is_linked_again_by_the_other_name_is_the_same_one(
    person: Person, db: TestDatabase
) -> None:
    account_id = await person.link("youtube", "Kim")
    await make_post(db, account_id)
    await person.delete(f"/accounts/{account_id}")
    assert await person.link("youtube_shorts", "Kim") == account_id
    assert (await person.get(f"/accounts/{account_id}")).json()["platform"] == "youtube_shorts"


async def test_an_account_linked_as_youtube_takes_youtubes_credentials(person: Person) -> None:
    body: dict[str, Any] = {"platform": "youtube", "account_name": "Kim", "credentials": {"password": "x"}}
    assert "credentials.access_token" in (await person.post("/accounts", body)).text
    body["credentials"] = {"access_token": "t"}
    assert (await person.post("/accounts", body)).status_code == 201


async def test_what_is_linked_as_youtube_is_published_there(
    author: Person, working: Runtime, fakes: Fakes
) -> None:
    post_id = await author.write(await author.link("youtube"), "Short", "shorts")
    await author.publish(post_id)
    assert (await author.becomes(post_id, "published"))["platform"] == "youtube"
    assert [post["network"] for post in await fakes.posts()] == ["youtube"]


async def test_only_a_networks_own_other_name_is_kept(committed_db: Database) -> None:
    account_id = await make_account(committed_db, "tiktok")
    with pytest.raises(IntegrityError, match="ck_accounts_linked_as"):
        async with committed_db.session() as session:
            await session.execute(
                text("UPDATE accounts SET linked_as = 'youtube' WHERE id = :id"), {"id": account_id}
            )
