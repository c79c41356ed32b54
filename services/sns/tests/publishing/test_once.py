"""Answers get lost: the network has each post once, or the post says that nobody knows."""

from __future__ import annotations

import pytest

from fakes.networks.client import Fakes
from services.sns.tests.factories import Person
from shared.runtime import Runtime

LOSES = {
    "blog": ("wordpress", {"method": "POST", "path": "/posts"}),
    "instagram": ("instagram", {"method": "POST", "path": "/media_publish"}),
    "youtube_shorts": ("youtube", {"method": "PUT"}),
    "twitter": ("twitter", {"method": "POST", "path": "/2/tweets"}),
}
pytestmark = pytest.mark.usefixtures("fakes", "quick_polls")


@pytest.mark.parametrize("kind", ["drop_after", "drop_before", "slow"])
@pytest.mark.parametrize("platform", list(LOSES))
async def test_a_post_whose_answer_got_lost_is_found_and_not_sent_again(
    author: Person, working: Runtime, fakes: Fakes, platform: str, kind: str
) -> None:
    network, request = LOSES[platform]
    await fakes.fault(network, kind, seconds=1.3 if kind == "slow" else 0, **request)
    post_id = await author.ordered(platform)
    post = await author.becomes(post_id, "published", "failed")
    assert post["status"] == "published", post
    (public,) = await fakes.posts()
    assert post["network_id"] == public["id"]
    assert post["failure"] is None


async def test_where_the_network_offers_no_way_to_look_the_post_says_that_nobody_knows(
    author: Person, working: Runtime, fakes: Fakes
) -> None:
    await fakes.fault("tiktok", "drop_after", path="/content/init/")
    post_id = await author.ordered("tiktok")
    post = await author.becomes(post_id, "published", "failed")
    assert (post["status"], post["failure_code"]) == ("failed", "outcome_unknown")
    assert "no way to look it up" in post["failure"]
    assert len(await fakes.posts()) == 1
    refused = await author.post(f"/posts/{post_id}/retry")
    assert (refused.status_code, refused.json()["code"]) == (409, "outcome_unknown")
    assert (await author.post(f"/posts/{post_id}/retry", {"confirm": True})).status_code == 202
    await author.becomes(post_id, "published")
    assert len(await fakes.posts()) == 2  # the author has asked for it


async def test_a_tiktok_post_is_known_by_its_publish_id(
    author: Person, working: Runtime, fakes: Fakes
) -> None:
    await fakes.set(preparing=2)
    await fakes.fault("tiktok", "drop_after", path="/status/fetch/", times=2)
    post_id = await author.ordered("tiktok")
    post = await author.becomes(post_id, "published", "failed")
    assert post["status"] == "published", post
    assert len(await fakes.posts()) == 1


async def test_a_video_for_tiktok_is_published_once_though_its_status_gets_lost(
    author: Person, working: Runtime, fakes: Fakes
) -> None:
    await fakes.fault("tiktok", "drop_after", path="/status/fetch/")
    account_id = await author.link("tiktok")
    clip = "https://media.example/clip.mp4"
    post_id = await author.write(account_id, "Moving", "card_news", media_urls=[clip])
    await author.publish(post_id)
    post = await author.becomes(post_id, "published", "failed")
    (public,) = await fakes.posts()
    assert (post["status"], post["network_id"], public["media"]) == ("published", public["id"], [clip])


async def test_what_tiktok_takes_and_then_refuses_has_failed(
    author: Person, working: Runtime, fakes: Fakes
) -> None:
    account_id = await author.link("tiktok", credentials={"access_token": "unaudited"})
    post_id = await author.write(account_id, "No", "card_news")
    await author.publish(post_id)
    post = await author.becomes(post_id, "failed", "published")
    assert "spam_risk_user_banned_from_posting" in post["failure"]
