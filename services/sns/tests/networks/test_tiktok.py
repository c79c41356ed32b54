"""What is particular to TikTok."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from services.sns.tests.networks.kit import work
from sns_service.networks.network import (
    Network,
    Refused,
)
from tests.networks.client import Fakes


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
