"""Many posts at once: all of them, or none and what is wrong."""

from __future__ import annotations

from datetime import timedelta

from services.sns.tests.factories import Person, make_account
from shared.schemas.dates import utcnow
from testing.jobs import enqueued
from testing.rollback import TestDatabase

FAR = "2099-01-01T00:00:00Z"


async def test_many_posts_are_scheduled_in_one_request(person: Person, db: TestDatabase) -> None:
    account_id = await make_account(db)
    soon = (utcnow() + timedelta(hours=1)).isoformat()
    posts = [
        {
            "account_id": account_id,
            "content": f"Post {number}",
            "template_type": "blog_post",
            "scheduled_at": soon,
        }
        for number in range(1000)
    ]
    del posts[0]["scheduled_at"]
    answer = await person.post("/posts/bulk", {"posts": posts}, key="bulk")
    assert answer.status_code == 201, answer.text
    assert answer.json()["created"] == len(set(answer.json()["ids"])) == 1000
    assert (await person.get("/posts?status=scheduled")).json()["total"] == 999
    assert (await person.get("/posts?status=draft")).json()["total"] == 1
    jobs = await enqueued(db)
    assert {payload["post_id"] for _, payload in jobs} == set(answer.json()["ids"][1:])
    again = await person.post("/posts/bulk", {"posts": posts}, key="bulk")
    assert again.json() == answer.json()
    assert (await person.get("/posts")).json()["total"] == 1000


async def test_of_many_posts_all_that_is_wrong_is_told_and_none_is_written(
    person: Person, db: TestDatabase
) -> None:
    account_id = await make_account(db)
    good = {"account_id": account_id, "content": "Good", "template_type": "blog_post"}
    soon = (utcnow() + timedelta(hours=1)).isoformat()
    posts = [
        good,
        good | {"account_id": 999_999},
        good | {"template_type": "reel", "scheduled_at": soon},
        good | {"scheduled_at": "2020-01-01T00:00:00Z"},
        good | {"scheduled_at": FAR},
    ]
    answer = await person.post("/posts/bulk", {"posts": posts})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [
        "posts.1.account_id",
        "posts.2.template_type",
        "posts.3.scheduled_at",
        "posts.4.scheduled_at",
    ]
    assert (await person.get("/posts")).json()["total"] == 0
    for wrong in ([], [good] * 1001):
        assert (await person.post("/posts/bulk", {"posts": wrong})).status_code == 422


async def test_many_posts_may_have_many_addresses_each(person: Person, db: TestDatabase) -> None:
    media = [f"https://cdn.example.com/{number}.jpg" for number in range(15)]
    body = {
        "account_id": await make_account(db),
        "content": "x",
        "template_type": "blog_post",
        "media_urls": media,
    }
    answer = await person.post("/posts/bulk", {"posts": [body] * 1000})
    assert (answer.status_code, answer.json().get("created")) == (201, 1000), answer.text


async def test_of_a_thousand_wrong_posts_so_much_is_told_as_somebody_reads(
    person: Person, db: TestDatabase
) -> None:
    account_id = await make_account(db)
    media = ["https://cdn.example.com/a.mp4"] * 15
    body = {"account_id": account_id, "content": "x", "template_type": "blog_post", "media_urls": media}
    reel = body | {"template_type": "reel", "scheduled_at": (utcnow() + timedelta(hours=1)).isoformat()}
    answer = await person.post("/posts/bulk", {"posts": [reel] * 1000})
    assert (answer.status_code, answer.json()["code"]) == (422, "content_refused")
    assert len(answer.json()["errors"]) == 100
    answer = await person.post("/posts/bulk", {"posts": [body | {"content": "", "media_urls": 5}] * 1000})
    assert (answer.status_code, len(answer.json()["errors"])) == (422, 20)
