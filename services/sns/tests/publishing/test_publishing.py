"""From the order to publish to the network, and back to what the author sees."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from fakes.networks.client import Fakes
from services.sns.tests.factories import TEMPLATE, USER, Person
from services.sns.tests.kit import Workplace
from shared.db.database import Database
from shared.jobs import list_held_jobs
from shared.runtime import Runtime
from sns_service.posts.errors import NEXT_STEPS
from sns_service.posts.orders import sweep
from sns_service.tables import Outbox
from testing import eventually

NETWORK = {
    "blog": "wordpress",
    "youtube_shorts": "youtube",
    "instagram": "instagram",
    "tiktok": "tiktok",
    "twitter": "twitter",
}
pytestmark = pytest.mark.usefixtures("fakes", "quick_polls")


@pytest.mark.parametrize("platform", list(TEMPLATE))
async def test_a_post_appears_once_at_its_network(
    author: Person, working: Runtime, fakes: Fakes, platform: str
) -> None:
    account_id = await author.link(platform)
    post_id = await author.write(account_id, "Good morning, 서울", TEMPLATE[platform])
    state = await author.publish(post_id)
    assert state["status"] == "publishing"
    assert state["message"]
    post = await author.becomes(post_id, "published", "failed")
    assert post["status"] == "published", post
    (public,) = await fakes.posts()
    assert public["network"] == NETWORK[platform]
    assert "Good morning, 서울" in public["content"]
    assert post["network_id"] == public["id"]
    assert post["published_at"]


async def test_what_happened_is_told(
    author: Person, working: Runtime, committed_db: Database, fakes: Fakes
) -> None:
    account_id = await author.link()
    good, bad = await author.write(account_id), await author.write(account_id, "Bad")
    await author.publish(good)
    await author.becomes(good, "published")
    await fakes.fault("wordpress", "status", status=400, body={"code": "x", "message": "We do not like it."})
    await author.publish(bad)
    post = await author.becomes(bad, "failed")
    assert post["failure_code"] == "refused"
    assert post["failure"] == f"WordPress answered 400: We do not like it. {NEXT_STEPS['refused']}"
    async with committed_db.session() as session:
        events = list(await session.scalars(select(Outbox).order_by(Outbox.id)))
    assert [(event.type, event.key, event.data["user_id"]) for event in events] == [
        ("post.published", f"post:{good}", USER),
        ("post.failed", f"post:{bad}", USER),
    ]


async def test_a_permanent_refusal_is_not_tried_again_and_its_job_is_held(
    author: Person, working: Runtime, committed_db: Database, fakes: Fakes
) -> None:
    account_id = await author.link("blog", credentials={"username": "me", "application_password": "wrong"})
    post_id = await author.write(account_id)
    await author.publish(post_id)
    post = await author.becomes(post_id, "failed")
    assert (post["failure_code"], post["tries"]) == ("credentials_rejected", 0)
    assert await fakes.requests("wordpress") == 1

    async def jobs() -> list[int]:
        async with committed_db.session() as session:
            return [job.payload["post_id"] for job in await list_held_jobs(session)]

    assert await eventually(jobs) == [post_id]


async def test_a_failed_post_is_retried_by_its_author(
    author: Person, working: Runtime, committed_db: Database, fakes: Fakes
) -> None:
    account_id = await author.link("blog", credentials={"username": "me", "application_password": "wrong"})
    post_id = await author.write(account_id)
    await author.publish(post_id)
    await author.becomes(post_id, "failed")
    await author.patch(
        f"/accounts/{account_id}", {"credentials": {"username": "me", "application_password": "s"}}
    )
    answer = await author.post(f"/posts/{post_id}/retry")
    assert (answer.status_code, answer.json()["status"]) == (202, "publishing")
    post = await author.becomes(post_id, "published")
    assert post["failure"] is None
    assert len(await fakes.posts()) == 1
    assert (await author.post(f"/posts/{post_id}/retry")).status_code == 409

    async def none_is_held() -> bool:
        """A minute later; the job may be put by only now."""
        async with committed_db.session() as session:
            await session.execute(text("UPDATE pgqueuer SET updated = updated - interval '1 minute'"))
        await sweep(working.database)
        async with committed_db.session() as session:
            return not await list_held_jobs(session)

    await eventually(none_is_held)


async def test_what_may_pass_is_tried_again_and_then_it_has_failed(
    author: Person, working: Runtime, fakes: Fakes
) -> None:
    account_id = await author.link("instagram")
    once = await author.write(account_id, "Once", "card_news")
    await fakes.fault("instagram", "status", path="/media", method="POST", status=500)
    await author.publish(once)
    assert (await author.becomes(once, "published", "failed"))["status"] == "published"
    always = await author.write(account_id, "Always", "card_news")
    await fakes.fault("instagram", "status", path="/media", method="POST", status=500, times=100)
    await author.publish(always)
    post = await author.becomes(always, "published", "failed")
    assert (post["status"], post["failure_code"], post["tries"]) == ("failed", "unavailable", 4)
    assert "After 4 tries: Instagram answered 500" in post["failure"]
    assert [public["content"] for public in await fakes.posts()] == ["Once"]


@pytest.mark.parametrize(
    ("network", "status", "body"),
    [
        ("blog", 429, None),
        ("instagram", 400, {"error": {"message": "Application request limit reached", "code": 4}}),
        ("youtube_shorts", 403, {"error": {"message": "Quota", "errors": [{"reason": "quotaExceeded"}]}}),
        ("tiktok", 429, {"error": {"code": "rate_limit_exceeded", "message": "Too many"}}),
    ],
)
async def test_a_network_that_asks_to_wait_is_given_its_time_and_no_try_is_lost(
    author: Person, working: Runtime, fakes: Fakes, network: str, status: int, body: object
) -> None:
    account_id = await author.link(network)
    post_id = await author.write(account_id, "Later", TEMPLATE[network])
    await fakes.fault(NETWORK[network], "status", status=status, retry_after="1", body=body, method="POST")
    await author.publish(post_id)

    async def says_busy() -> bool:
        return bool((await author.seen(post_id))["failure_code"] == "busy")

    await eventually(says_busy)
    assert (await author.get(f"/accounts/{account_id}")).json()["paused_until"]
    post = await author.becomes(post_id, "published", "failed")
    assert (post["status"], post["tries"], post["failure"]) == ("published", 0, None)


async def test_a_network_gets_no_more_than_its_rate(
    author: Person, workplace: Workplace, fakes: Fakes
) -> None:
    account_id = await author.link()
    posts = [await author.write(account_id, f"Post {number}") for number in range(14)]
    for post_id in posts:
        await author.publish(post_id)
    async with workplace(network_rates={"blog": 5.0}):
        for post_id in posts:
            await author.becomes(post_id, "published")
    moments = [public["at"] for public in await fakes.posts()]
    assert len(moments) == 14
    for first, sixth in zip(moments, moments[6:], strict=False):
        assert sixth - first > 0.7  # in the long run 1.2; a post may be late by what a request takes


async def test_without_credentials_production_says_so(
    author: Person, workplace: Workplace, committed_db: Database, fakes: Fakes
) -> None:
    account_id = await author.link()
    post_id = await author.write(account_id)
    await author.publish(post_id)
    production = {
        "environment": "production",
        "blog_url": "https://blog.test",
        "instagram_url": "https://a.test",
        "tiktok_url": "https://a.test",
        "twitter_url": "https://a.test",
        "youtube_url": "https://a.test",
        "youtube_oauth_url": "https://a.test",
        "lookup_after_seconds": 14.0,
    }
    async with workplace(**production):
        post = await author.becomes(post_id, "failed")
    assert post["failure_code"] == "credentials_missing"
    assert await fakes.requests("wordpress") == 0


async def test_an_account_that_is_switched_off_publishes_nothing(
    author: Person, workplace: Workplace, committed_db: Database, fakes: Fakes
) -> None:
    account_id = await author.link()
    post_id = await author.write(account_id)
    await author.publish(post_id)
    await author.patch(f"/accounts/{account_id}", {"is_active": False})
    async with workplace():
        assert (await author.becomes(post_id, "failed"))["failure_code"] == "account_inactive"
    assert await fakes.posts() == []
