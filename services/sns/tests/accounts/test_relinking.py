"""An account that is linked again has its posts back."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from fakes.networks.client import Fakes
from services.sns.tests.factories import STRANGER, Person, at, change_post, make_account, make_post, subscribe
from services.sns.tests.kit import Published
from shared.db.database import Database
from shared.runtime import Runtime
from shared.schemas.dates import utcnow
from sns_service.schema import Post
from testing import eventually
from testing.rollback import TestDatabase

TOMORROW = timedelta(days=1)


async def scheduled(person: Person, account_id: int, content: str, ahead: timedelta = TOMORROW) -> int:
    post_id = await person.write(account_id, content)
    await person.publish(post_id, (utcnow() + ahead).isoformat())
    return post_id


async def test_what_was_scheduled_is_so_once_more_at_its_time(person: Person, db: TestDatabase) -> None:
    account_id = await person.link("blog", "Mine")
    post_id = await scheduled(person, account_id, "Later")
    draft_id = await person.write(account_id, "Only a draft")
    when = (await person.seen(post_id))["scheduled_at"]
    await person.delete(f"/accounts/{account_id}")
    assert (await person.seen(post_id))["status"] == "draft"
    answer = await person.post("/accounts", {"platform": "blog", "account_name": "mine"})
    assert answer.json()["id"] == account_id
    assert "1 post is scheduled again" in answer.json()["message"]
    post = await person.seen(post_id)
    assert (post["status"], at(post["scheduled_at"])) == ("scheduled", at(when))
    assert (await person.seen(draft_id))["status"] == "draft"


async def test_what_has_missed_its_time_fails_and_says_what_to_do(
    person: Person, db: TestDatabase, published: Published
) -> None:
    account_id = await person.link()
    post_id = await scheduled(person, account_id, "Too late")
    await person.delete(f"/accounts/{account_id}")
    await change_post(db, post_id, resume_at=utcnow() - timedelta(minutes=1))
    answer = await person.post("/accounts", {"platform": "blog", "account_name": "mine"})
    assert "1 post is overdue and failed: retry or delete." in answer.json()["message"]
    post = await person.seen(post_id)
    assert (post["status"], post["failure_code"]) == ("failed", "missed_its_time")
    assert "Retry the post to publish it now, or delete it." in post["failure"]
    assert await published() == ["post.failed"]
    assert (await person.post(f"/posts/{post_id}/retry")).status_code == 202


async def test_it_is_published_once_by_the_new_order(
    author: Person, working: Runtime, committed_db: Database, fakes: Fakes
) -> None:
    account_id = await author.link()
    post_id = await scheduled(author, account_id, "Soon", timedelta(seconds=1.5))
    await author.delete(f"/accounts/{account_id}")
    await author.link()
    await author.becomes(post_id, "published")
    assert len(await fakes.posts()) == 1
    async with committed_db.read(fresh=True) as connection:
        assert await connection.scalar(select(Post.resume_at).where(Post.id == post_id)) is None


@pytest.mark.parametrize(("platform", "name"), [("blog", "other"), ("instagram", "mine")])
async def test_another_account_takes_nothing_back(
    person: Person, db: TestDatabase, platform: str, name: str
) -> None:
    account_id = await person.link()
    post_id = await scheduled(person, account_id, "Later")
    await person.delete(f"/accounts/{account_id}")
    assert await person.link(platform, name) != account_id
    await subscribe(db, STRANGER)
    assert await Person(person.client, STRANGER).link() != account_id
    assert (await person.seen(post_id))["status"] == "draft"


async def test_accounts_that_a_release_before_made_anew_are_one_again(
    person: Person, db: TestDatabase
) -> None:
    old = [
        await make_account(
            db, account_name="Mine", is_active=False, deleted_at=utcnow() - timedelta(days=days)
        )
        for days in (2, 1)
    ]
    posts = [await make_post(db, account_id, status="published") for account_id in old]
    assert await person.link("blog", "mine") == old[1]
    assert {(await person.seen(post_id))["account_id"] for post_id in posts} == {old[1]}


async def test_two_who_link_it_again_at_once_link_it_once(
    author: Person, committed_db: Database, fakes: Fakes
) -> None:
    account_id = await author.link()
    post_id = await scheduled(author, account_id, "Later")
    await author.delete(f"/accounts/{account_id}")
    body = {"platform": "blog", "account_name": "mine"}
    answers = await asyncio.gather(*(author.post("/accounts", body) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    seen = await eventually(lambda: author.seen(post_id), until=lambda post: post["status"] == "scheduled")
    assert seen["account_id"] == account_id
