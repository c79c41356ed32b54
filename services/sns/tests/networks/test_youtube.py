"""What is particular to YouTube."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from services.sns.tests.networks.kit import work
from sns_service.networks.network import (
    CannotTell,
    Network,
    NoAnswer,
    Refused,
)
from tests.networks.client import Fakes


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
    assert await networks["youtube_shorts"].find(short) == made
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
