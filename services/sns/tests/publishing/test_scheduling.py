"""Posts that wait for their time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import text

from fakes.networks.client import Fakes
from services.sns.tests.factories import Person, at, change_post
from services.sns.tests.kit import Workplace
from shared.db.database import Database
from shared.runtime import Runtime
from shared.schemas.dates import utcnow
from testing.jobs import enqueued

pytestmark = pytest.mark.usefixtures("fakes")
SEOUL = timezone(timedelta(hours=9))


async def test_a_scheduled_post_fires_within_a_second_of_its_time(
    author: Person, working: Runtime, fakes: Fakes
) -> None:
    account_id = await author.link()
    times = {}
    for number, delay in enumerate((2.7, 1.2, 1.9)):
        post_id = await author.write(account_id, f"Post {number}")
        due = utcnow() + timedelta(seconds=delay)
        state = await author.publish(post_id, due.astimezone(SEOUL).isoformat())
        assert (state["status"], at(state["scheduled_at"])) == ("scheduled", due)
        times[f"<p>Post {number}</p>"] = due.timestamp()
    for post_id in (1, 2, 3):
        await author.becomes(post_id, "published")
    public = await fakes.posts()
    assert [post["content"] for post in public] == [f"<p>Post {number}</p>" for number in (1, 2, 0)]
    for post in public:
        assert 0 <= post["at"] - times[post["content"]] < 1


async def test_a_time_without_an_offset_is_utc_and_an_offset_is_honoured(person: Person) -> None:
    account_id = await person.link()
    post_id = await person.write(account_id)
    naive = (datetime.now(UTC) + timedelta(days=2)).replace(microsecond=0, tzinfo=None)
    state = await person.publish(post_id, naive.isoformat())
    assert at(state["scheduled_at"]) == naive.replace(tzinfo=UTC)
    state = await person.publish(post_id, naive.isoformat() + "+09:00")
    assert at(state["scheduled_at"]) == naive.replace(tzinfo=SEOUL)


async def test_what_was_due_while_nobody_worked_is_published_late_once_and_in_order(
    author: Person, workplace: Workplace, committed_db: Database, fakes: Fakes
) -> None:
    account_id = await author.link()
    now = utcnow()
    posts = {}
    for number in (3, 1, 4, 2, 0):
        post_id = await author.write(account_id, f"Post {number}")
        await author.publish(post_id, (now + timedelta(seconds=10 + number)).isoformat())
        posts[number] = post_id
    async with committed_db.session() as session:  # time passes
        await session.execute(text("UPDATE pgqueuer SET execute_after = execute_after - interval '1 hour'"))
    # At so slow a rate each has arrived before the next one starts; they start in order also where it is faster.
    async with workplace(network_rates={"blog": 5.0}):
        for post_id in posts.values():
            await author.becomes(post_id, "published")
    assert await fakes.contents() == [f"<p>Post {number}</p>" for number in range(5)]


async def test_a_scheduled_post_can_be_moved_and_unscheduled(
    author: Person, working: Runtime, committed_db: Database, fakes: Fakes
) -> None:
    account_id = await author.link()
    moved, unscheduled = await author.write(account_id, "Moved"), await author.write(account_id, "Back")
    far, near = utcnow() + timedelta(days=3), utcnow() + timedelta(seconds=1)
    await author.publish(moved, far.isoformat())
    await author.publish(moved, near.isoformat())
    await author.publish(unscheduled, far.isoformat())
    answer = await author.post(f"/posts/{unscheduled}/cancel")
    assert (answer.status_code, answer.json()["status"], answer.json()["scheduled_at"]) == (
        200,
        "draft",
        None,
    )
    await author.becomes(moved, "published")
    assert await fakes.contents() == ["<p>Moved</p>"]
    assert (await author.post(f"/posts/{unscheduled}/cancel")).status_code == 409
    assert await enqueued(committed_db) == []
    await author.publish(unscheduled)
    await author.becomes(unscheduled, "published")


async def test_a_scheduled_post_is_published_now_instead(
    author: Person, working: Runtime, fakes: Fakes
) -> None:
    account_id = await author.link()
    post_id = await author.write(account_id)
    await author.publish(post_id, (utcnow() + timedelta(days=3)).isoformat())
    assert (await author.publish(post_id))["status"] == "publishing"
    await author.becomes(post_id, "published")
    assert len(await fakes.posts()) == 1


async def test_what_a_scheduled_post_says_can_still_be_changed(
    author: Person, working: Runtime, fakes: Fakes
) -> None:
    account_id = await author.link()
    post_id = await author.write(account_id, "Old")
    await author.publish(post_id, (utcnow() + timedelta(hours=1)).isoformat())
    assert (await author.patch(f"/posts/{post_id}", {"content": "New"})).status_code == 200
    await author.publish(post_id)
    await author.becomes(post_id, "published")
    assert await fakes.contents() == ["<p>New</p>"]


@pytest.mark.parametrize(
    ("delta", "message"), [(timedelta(minutes=-5), "is in the past"), (timedelta(days=400), "days ahead")]
)
async def test_a_time_that_makes_no_sense_is_refused_by_name(
    person: Person, delta: timedelta, message: str
) -> None:
    post_id = await person.write(await person.link())
    body = {"scheduled_at": (utcnow() + delta).isoformat()}
    answer = await person.post(f"/posts/{post_id}/publish", body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "scheduled_at"
    assert message in answer.json()["error"]
    assert (await person.seen(post_id))["status"] == "draft"


async def test_a_time_just_past_is_now(person: Person) -> None:
    post_id = await person.write(await person.link())
    assert (await person.publish(post_id, (utcnow() - timedelta(seconds=5)).isoformat()))[
        "status"
    ] == "publishing"


async def test_unlinking_an_account_calls_its_posts_back(
    author: Person, working: Runtime, committed_db: Database, fakes: Fakes
) -> None:
    account_id = await author.link()
    post_id = await author.write(account_id)
    await author.publish(post_id, (utcnow() + timedelta(seconds=30)).isoformat())
    answer = await author.delete(f"/accounts/{account_id}")
    assert "1 scheduled posts are drafts again" in answer.json()["message"]
    assert (await author.seen(post_id))["status"] == "draft"
    assert await enqueued(committed_db) == []
    assert (await author.post(f"/posts/{post_id}/publish")).json()["code"] == "account_inactive"
    await change_post(committed_db, post_id, content="still readable")
    assert (await author.seen(post_id))["account_name"] == "mine"
