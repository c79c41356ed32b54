"""What is particular to Instagram."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from services.sns.tests.networks.kit import work
from sns_service.networks.network import (
    Network,
    Unavailable,
)
from tests.networks.client import Fakes


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
    assert await networks["instagram"].find(again) == made
    assert len(await fakes.posts()) == 1
