"""Posts over HTTP: written, read, changed, deleted, many at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, get_args

import httpx
import pytest

from services.sns.tests.factories import STRANGER, Person, make_account, make_post, subscribe
from shared.schemas.dates import utcnow
from sns_service.networks.registry import PlatformName, network_named, network_of
from sns_service.posts.templates import TemplateType
from testing.jobs import enqueued
from testing.rollback import TestDatabase


async def test_a_draft_is_written_and_read(person: Person) -> None:
    account_id = await person.link("blog", "my blog")
    long = "서" * 101
    answer = await person.post(
        "/posts", {"account_id": account_id, "content": long, "template_type": "blog_post"}
    )
    assert answer.status_code == 201
    assert answer.json()["message"]
    post_id = answer.json()["id"]
    page = (await person.get("/posts")).json()
    assert (page["total"], page["pages"], page["current_page"]) == (1, 1, 1)
    (card,) = page["posts"]
    assert card["content"] == "서" * 100 + "..."
    expected = {
        "id": post_id,
        "account_name": "my blog",
        "platform": "blog",
        "status": "draft",
        "template_type": "blog_post",
        "scheduled_at": None,
    }
    assert {name: card[name] for name in expected} == expected
    assert (await person.seen(post_id))["content"] == long


async def test_posts_come_newest_first_twenty_a_page_and_filtered(person: Person, db: TestDatabase) -> None:
    blog, shop = await make_account(db), await make_account(db, "instagram")
    posts = [await make_post(db, blog) for _ in range(21)]
    failed = await make_post(db, shop, status="failed")

    async def ids(query: str = "") -> list[int]:
        return [post["id"] for post in (await person.get(f"/posts{query}")).json()["posts"]]

    newest = [failed, *reversed(posts)]
    assert await ids() == newest[:20]
    assert await ids("?page=2") == newest[20:]
    assert await ids("?page=3") == []
    assert (await person.get("/posts?page=3")).json()["total"] == 22
    assert await ids("?status=failed") == [failed]
    assert await ids(f"?account_id={shop}&status=failed") == [failed]
    assert await ids(f"?account_id={shop}&status=draft") == []
    assert (await person.get(f"/posts?account_id={blog}")).json()["total"] == 21
    first = (await person.get("/posts?per_page=5")).json()
    await make_post(db, blog)
    assert await ids(f"?per_page=5&cursor={first['next_cursor']}") == newest[5:10]
    for wrong in ("?status=lost", "?cursor=x", "?account_id=0"):
        assert (await person.get(f"/posts{wrong}")).status_code == 422


async def test_a_page_of_posts_is_one_query(person: Person, db: TestDatabase, query_recorder: Any) -> None:
    account_id = await make_account(db)
    for _ in range(3):
        await make_post(db, account_id)
    await person.get("/posts")
    with query_recorder() as queries:
        await person.get("/posts")
    assert len(queries) == 1


async def test_another_users_post_does_not_exist(
    person: Person, client: httpx.AsyncClient, db: TestDatabase
) -> None:
    post_id = await make_post(db, await make_account(db))
    await subscribe(db, STRANGER)
    stranger = Person(client, STRANGER)
    for answer in (
        await stranger.get(f"/posts/{post_id}"),
        await stranger.patch(f"/posts/{post_id}", {"content": "x"}),
        await stranger.delete(f"/posts/{post_id}"),
        await stranger.post(f"/posts/{post_id}/publish"),
        await stranger.post(f"/posts/{post_id}/cancel"),
        await stranger.post(f"/posts/{post_id}/retry"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "post_not_found")
    assert (await stranger.get("/posts")).json()["total"] == 0


@pytest.mark.parametrize(
    ("status", "deletable"),
    [("draft", True), ("scheduled", True), ("failed", True), ("publishing", False), ("published", False)],
)
async def test_what_the_network_has_or_may_have_is_neither_changed_nor_deleted(
    person: Person, db: TestDatabase, status: str, deletable: bool
) -> None:
    times: dict[str, Any] = {"scheduled_at": utcnow()} if status == "scheduled" else {}
    post_id = await make_post(db, await make_account(db), status=status, **times)
    answers = [
        await person.patch(f"/posts/{post_id}", {"content": "New"}),
        await person.delete(f"/posts/{post_id}"),
    ]
    assert [answer.status_code for answer in answers] == ([200, 200] if deletable else [409, 409])
    if not deletable:
        assert status in answers[1].json()["error"]


async def test_only_what_can_be_published_is(person: Person, db: TestDatabase) -> None:
    account_id = await make_account(db)
    for status in ("publishing", "published", "failed"):
        post_id = await make_post(db, account_id, status=status)
        answer = await person.post(f"/posts/{post_id}/publish")
        assert (answer.status_code, answer.json()["code"]) == (409, "not_publishable")
        assert status in answer.json()["error"]


async def test_publishing_answers_at_once_and_leaves_a_job_for_the_worker(
    person: Person, db: TestDatabase
) -> None:
    post_id = await make_post(db, await make_account(db))
    answer = await person.post(f"/posts/{post_id}/publish")
    assert answer.status_code == 202
    assert answer.json()["id"] == post_id
    assert await enqueued(db) == [("posts.publish", {"post_id": post_id, "ticket": 1})]
    assert (await person.post(f"/posts/{post_id}/publish")).status_code == 409


async def test_with_null_for_a_time_it_is_published_now(person: Person, db: TestDatabase) -> None:
    post_id = await make_post(db, await make_account(db))
    answer = await person.post(f"/posts/{post_id}/publish", {"scheduled_at": None})
    assert (answer.status_code, answer.json()["status"]) == (202, "publishing")


async def test_a_deleted_post_takes_its_job_along(person: Person, db: TestDatabase) -> None:
    post_id = await make_post(db, await make_account(db))
    await person.publish(post_id, (utcnow() + timedelta(days=1)).isoformat())
    assert (await person.delete(f"/posts/{post_id}")).status_code == 200
    assert await enqueued(db) == []


async def test_of_what_was_ordered_nothing_is_made_that_its_network_refuses(
    person: Person, db: TestDatabase
) -> None:
    post_id = await make_post(db, await make_account(db, "instagram"))
    await person.publish(post_id, (utcnow() + timedelta(hours=1)).isoformat())
    answer = await person.patch(f"/posts/{post_id}", {"content": "x" * 2201})
    assert (answer.status_code, answer.json()["code"]) == (422, "content_refused")
    assert answer.json()["error"] == "content: instagram accepts up to 2200 characters; this has 2201"
    assert answer.json()["errors"][0]["field"] == "content"
    assert (await person.seen(post_id))["content"] == "Hello"


@pytest.mark.parametrize("platform", get_args(PlatformName))
@pytest.mark.parametrize("template", get_args(TemplateType))
async def test_any_template_may_be_drafted_for_any_network_and_ordered(
    person: Person, platform: str, template: str
) -> None:
    body = {"account_id": await person.link(platform), "content": "안녕하세요", "template_type": template}
    answer = await person.post("/posts", body)
    assert answer.status_code == 201, answer.text
    post_id = answer.json()["id"]
    fits = template in network_named(network_of(platform)).templates
    refused = f"template_type: {network_of(platform)} accepts"
    assert (refused in answer.json()["message"]) is not fits
    later = await person.publish(post_id, (utcnow() + timedelta(hours=1)).isoformat())
    assert later["status"] == "scheduled"
    now = await person.publish(post_id)
    assert (now["id"], now["status"]) == (post_id, "publishing")
    assert (refused in later["message"], refused in now["message"]) == (not fits, not fits)


async def test_a_draft_may_be_longer_than_its_network_takes(person: Person, db: TestDatabase) -> None:
    account_id = await make_account(db, "instagram")
    body = {"account_id": account_id, "content": "x" * 2201, "template_type": "card_news"}
    answer = await person.post("/posts", body)
    assert answer.status_code == 201
    assert "instagram accepts up to 2200 characters; this has 2201" in answer.json()["message"]
    assert (await person.post("/posts/bulk", {"posts": [body]})).status_code == 201
    changed = await person.patch(f"/posts/{answer.json()['id']}", {"content": "y" * 2201})
    assert changed.status_code == 200


async def test_an_account_that_is_switched_off_takes_no_new_post(person: Person, db: TestDatabase) -> None:
    account_id = await make_account(db, is_active=False)
    body = {"account_id": account_id, "content": "x", "template_type": "blog_post"}
    assert (await person.post("/posts", body)).json()["code"] == "account_inactive"
    assert "posts.0.account_id" in (await person.post("/posts/bulk", {"posts": [body]})).text


async def test_templates_are_those_of_the_contract(person: Person) -> None:
    assert (await person.get("/templates")).json() == {
        "card_news": {"name": "Card News", "platforms": ["instagram", "tiktok"]},
        "blog_post": {"name": "Blog Post", "platforms": ["blog"]},
        "reel": {"name": "Reel", "platforms": ["instagram"]},
        "shorts": {"name": "YouTube Shorts", "platforms": ["youtube"]},
        "carousel": {"name": "Carousel", "platforms": ["instagram"]},
    }
