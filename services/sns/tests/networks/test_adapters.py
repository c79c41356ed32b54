"""What the adapters send, beyond what the way of a post shows."""

from __future__ import annotations

import datetime
from collections.abc import AsyncIterator, Mapping
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from services.sns.tests.conftest import KEY
from shared.clock import utcnow
from shared.testing.app import BASE_SETTINGS
from sns_service.networks.http import LONGEST_WAIT, connect, retry_after
from sns_service.networks.network import (
    Busy,
    CannotTell,
    Network,
    NoAnswer,
    Publication,
    Refused,
    Unavailable,
)
from sns_service.networks.registry import networks_with
from sns_service.settings import SnsSettings
from tests.networks.client import Fakes, settings_of

CREDENTIALS = {"access_token": "t", "user_id": "u1", "username": "kim", "application_password": "p"}


@pytest.fixture
async def networks(networks_url: str) -> AsyncIterator[Mapping[str, Network]]:
    settings = SnsSettings(
        **{**BASE_SETTINGS, **settings_of(networks_url)},
        database_url="postgresql://a@b/c",
        redis_url="redis://a",
        credential_keys=KEY,
    )
    http = connect(timeout=1.0, at_a_time=5, guarded=False)
    yield networks_with(http, settings)
    await http.aclose()


def work(url: str, template: str, *media: str, **more: Any) -> Publication:
    addresses = [f"{url}/media/{name}" for name in media]
    return Publication("sf-1", "Hello", template, addresses, more.pop("credentials", CREDENTIALS), **more)


async def test_a_carousel_is_one_post_of_several_pictures(
    networks: Mapping[str, Network], networks_url: str, fakes: Fakes
) -> None:
    made = await networks["instagram"].publish(work(networks_url, "carousel", "card.jpg", "card.jpg"))
    (post,) = await fakes.posts()
    assert (post["id"], post["account"]) == (made.id, "u1")
    assert made.url == f"https://instagram.test/p/{made.id}"


async def test_a_reel_waits_until_its_video_is_prepared(
    networks: Mapping[str, Network], networks_url: str, fakes: Fakes
) -> None:
    await fakes.set(preparing=2)
    await networks["instagram"].publish(work(networks_url, "reel", "clip.mp4"))
    assert len(await fakes.posts()) == 1


async def test_a_container_that_is_still_prepared_is_used_later(
    networks: Mapping[str, Network], networks_url: str, fakes: Fakes
) -> None:
    await fakes.set(preparing=50)
    reel = work(networks_url, "reel", "clip.mp4")
    with pytest.raises(Unavailable, match="still preparing"):
        await networks["instagram"].publish(reel)
    container = reel.progress["container"]
    assert await networks["instagram"].find(reel) is None
    for _ in range(45):
        await networks["instagram"].find(reel)
    await networks["instagram"].publish(reel)
    assert reel.progress["container"] == container
    assert len(await fakes.posts()) == 1


async def test_a_container_published_by_a_slower_attempt_is_not_published_again(
    networks: Mapping[str, Network], networks_url: str, fakes: Fakes
) -> None:
    first = work(networks_url, "card_news", "card.jpg")
    made = await networks["instagram"].publish(first)
    # As if it had been looked up just before: FINISHED then, published since.
    again = work(networks_url, "card_news", "card.jpg", progress=dict(first.progress))
    with pytest.raises(Unavailable):
        await networks["instagram"].publish(again)  # PUBLISHED is none of the states that can be waited for
    assert (await networks["instagram"].find(again) or made).id == made.id
    assert len(await fakes.posts()) == 1


async def test_tiktok_takes_a_video_with_the_whole_text_as_its_title(
    networks: Mapping[str, Network], networks_url: str, fakes: Fakes
) -> None:
    await fakes.set(preparing=2)
    clip = work(networks_url, "card_news", "clip.mp4")
    clip.content = "First line #hashtag\nsecond"
    made = await networks["tiktok"].publish(clip)
    assert (await networks["tiktok"].find(clip)) == made
    (post,) = await fakes.posts()
    assert (post["id"], post["content"]) == (made.id, "First line #hashtag\nsecond")
    assert post["media"] == [f"{networks_url}/media/clip.mp4"]
    assert await fakes.requests("tiktok", "POST /v2/post/publish/video/init/") == 1
    assert await fakes.requests("tiktok", "POST /v2/post/publish/content/init/") == 0


async def test_longest_texts_of_tiktok_are_taken_as_it_counts_them(
    networks: Mapping[str, Network], networks_url: str, fakes: Fakes
) -> None:
    for media, units in (("card.jpg", 4000), ("clip.mp4", 2200)):
        longest = work(networks_url, "card_news", media)
        longest.content = "😀" * (units // 2)
        await networks["tiktok"].publish(longest)
    assert len(await fakes.posts()) == 2


async def test_media_of_a_domain_that_tiktok_does_not_know_as_ours_is_refused(
    networks: Mapping[str, Network], networks_url: str, fakes: Fakes
) -> None:
    body = {"error": {"code": "url_ownership_unverified", "message": "Please verify the domain"}}
    await fakes.fault("tiktok", "status", status=403, body=body)
    with pytest.raises(Refused, match="verify the domain") as caught:
        await networks["tiktok"].publish(work(networks_url, "card_news", "clip.mp4"))
    assert caught.value.code == "media_refused"


async def test_an_upload_goes_on_where_it_broke_off(
    networks: Mapping[str, Network], networks_url: str, fakes: Fakes
) -> None:
    await fakes.fault("youtube", "partial", method="PARTIAL")
    short = work(networks_url, "shorts", "clip.mp4")
    with pytest.raises(NoAnswer, match="whole video"):
        await networks["youtube_shorts"].publish(short)
    session = short.progress["session"]
    assert await networks["youtube_shorts"].find(short) is None
    made = await networks["youtube_shorts"].publish(short)
    assert short.progress["session"] == session
    assert (await networks["youtube_shorts"].find(short) or made) == made
    assert [post["id"] for post in await fakes.posts()] == [made.id]


async def test_an_upload_that_youtube_has_forgotten_is_not_guessed_about(
    networks: Mapping[str, Network], networks_url: str, fakes: Fakes
) -> None:
    gone = {"session": f"{networks_url}/youtube/upload/session/999999", "size": 10}
    with pytest.raises(CannotTell):
        await networks["youtube_shorts"].find(work(networks_url, "shorts", "clip.mp4", progress=gone))


async def test_a_video_that_is_not_there_is_a_refusal(
    networks: Mapping[str, Network], networks_url: str, fakes: Fakes
) -> None:
    with pytest.raises(Refused, match="404"):
        await networks["youtube_shorts"].publish(work(networks_url, "shorts", "gone.mp4"))


async def test_a_video_that_its_own_server_does_not_give_out_is_nothing_about_the_account(
    networks: Mapping[str, Network], networks_url: str, fakes: Fakes
) -> None:
    for status in (401, 403):
        await fakes.fault("wordpress", "status", status=status)
        short = work(networks_url, "shorts", "clip.mp4")
        short.media = [f"{networks_url}/wordpress/clip.mp4"]
        with pytest.raises(Refused, match=f"The video's address answered {status}") as caught:
            await networks["youtube_shorts"].publish(short)
        assert caught.value.code == "media_refused"


async def test_pictures_and_text_of_a_blog_are_escaped(
    networks: Mapping[str, Network], networks_url: str, fakes: Fakes
) -> None:
    blog = work(networks_url, "blog_post", 'a"b.jpg')
    blog.content = "Title <1>\n\nFirst & last\nline"
    await networks["blog"].publish(blog)
    (content,) = await fakes.contents()
    assert content.startswith(f'<figure><img src="{networks_url}/media/a&quot;b.jpg" alt="">')
    assert content.endswith("<p>Title &lt;1&gt;</p><p>First &amp; last<br>line</p>")


@pytest.mark.parametrize("platform", ["blog", "instagram", "tiktok", "youtube_shorts"])
async def test_rejected_credentials_are_told_apart(
    networks: Mapping[str, Network], networks_url: str, fakes: Fakes, platform: str
) -> None:
    media = "clip.mp4" if platform == "youtube_shorts" else "card.jpg"
    wrong = CREDENTIALS | {"access_token": "wrong", "application_password": "wrong"}
    with pytest.raises(Refused) as caught:
        await networks[platform].publish(work(networks_url, "x", media, credentials=wrong))
    assert caught.value.code == "credentials_rejected"


@pytest.mark.parametrize("platform", ["blog", "instagram", "tiktok", "youtube_shorts"])
async def test_a_network_that_is_down_is_unavailable_before_anything_was_sent(platform: str) -> None:
    settings = SnsSettings(
        **{**BASE_SETTINGS, **settings_of("http://127.0.0.1:9")},
        database_url="postgresql://a@b/c",
        redis_url="redis://a",
        credential_keys=KEY,
    )
    async with connect(timeout=1.0, at_a_time=5, guarded=False) as http:
        with pytest.raises(Unavailable, match="cannot be reached"):
            await networks_with(http, settings)[platform].publish(work("http://127.0.0.1:9", "x", "a.jpg"))


async def test_nonsense_from_a_proxy_is_told_without_a_failure_of_ours(
    networks: Mapping[str, Network], networks_url: str, fakes: Fakes
) -> None:
    await fakes.fault("wordpress", "status", status=502, body={"odd": True})
    with pytest.raises(NoAnswer, match="WordPress answered 502: Bad Gateway"):
        await networks["blog"].publish(work(networks_url, "blog_post"))
    await fakes.fault("tiktok", "status", status=200, body={"odd": True})
    with pytest.raises(NoAnswer):
        await networks["tiktok"].publish(work(networks_url, "card_news", "card.jpg"))


async def test_a_retry_after_may_be_a_date(
    networks: Mapping[str, Network], networks_url: str, fakes: Fakes
) -> None:
    date = format_datetime(utcnow() + datetime.timedelta(seconds=40), usegmt=True)
    await fakes.fault("wordpress", "status", status=503, retry_after=date)
    with pytest.raises(Busy) as caught:
        await networks["blog"].publish(work(networks_url, "blog_post"))
    assert 35 < caught.value.retry_after <= 40
    for given, seconds in (("-1", 30.0), ("soon", 30.0), ("", 30.0), ("99999999", LONGEST_WAIT), ("0", 0.0)):
        assert retry_after(httpx.Response(429, headers={"Retry-After": given})) == seconds
