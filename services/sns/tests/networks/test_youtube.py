"""What is particular to YouTube: the course of an upload."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from fakes.networks.client import Fakes
from fakes.networks.media import CLIP
from services.sns.tests.networks.kit import work
from sns_service.networks.errors import CannotTell, FailedThere, NoAnswer, Unavailable, Working
from sns_service.networks.network import Adapter, Publication
from sns_service.networks.youtube import adapter

GONE = {"size": len(CLIP)}
"""Of an upload whose session YouTube does not know."""


def gone(url: str, **more: Any) -> Publication:
    session = f"{url}/youtube/upload/session/999999"
    return work(url, "shorts", "clip.mp4", progress={"session": session, "size": len(CLIP), **more})


@pytest.mark.parametrize("video", ["clip.mp4", "whole.mp4"])
async def test_an_upload_goes_on_where_it_broke_off(
    youtube: Adapter, networks_url: str, fakes: Fakes, video: str
) -> None:
    await fakes.fault("youtube", "partial", method="PARTIAL")
    short = work(networks_url, "shorts", video)
    with pytest.raises(NoAnswer, match="whole video"):
        await youtube.publish(short)
    session = short.progress["session"]
    assert await youtube.find(short) is None
    made = await youtube.publish(short)
    assert short.progress["session"] == session
    assert await youtube.find(short) == made
    assert [post["id"] for post in await fakes.posts()] == [made.id]


async def test_an_upload_that_youtube_has_forgotten_is_not_guessed_about(
    youtube: Adapter, networks_url: str
) -> None:
    for kept in ({}, {"sending": True}):  # the version before did not keep it
        with pytest.raises(CannotTell):
            await youtube.find(gone(networks_url, **kept))


async def test_an_upload_without_a_byte_cannot_have_been_published(
    youtube: Adapter, networks_url: str
) -> None:
    assert await youtube.find(gone(networks_url, sending=False)) is None
    assert await youtube.find(work(networks_url, "shorts", "clip.mp4")) is None


async def test_that_bytes_are_sent_is_kept_before_they_are(
    youtube: Adapter, short: Publication, fakes: Fakes
) -> None:
    kept: list[tuple[bool, int]] = []

    async def note(ids: Mapping[str, Any]) -> None:
        kept.append((ids["sending"], await fakes.requests("youtube", "PUT")))

    short.note = note
    await youtube.publish(short)
    assert kept == [(False, 0), (True, 0)]


async def test_an_incomplete_upload_that_has_expired_is_begun_anew(
    youtube: Adapter, networks_url: str, fakes: Fakes
) -> None:
    short = gone(networks_url, sending=True)
    made = await youtube.publish(short)
    assert [post["id"] for post in await fakes.posts()] == [made.id]
    assert await youtube.find(short) == made


async def test_an_upload_that_expires_while_the_video_is_sent_is_begun_anew(
    youtube: Adapter, short: Publication, fakes: Fakes
) -> None:
    await fakes.fault("youtube", "status", method="PUT", status=410)
    made = await youtube.publish(short)
    assert [post["id"] for post in await fakes.posts()] == [made.id]
    assert await fakes.requests("youtube", "POST") == 2


async def test_uploads_that_always_expire_leave_no_dead_session_behind(
    youtube: Adapter, short: Publication, fakes: Fakes
) -> None:
    await fakes.fault("youtube", "status", method="PUT", status=404, times=2)
    with pytest.raises(FailedThere, match="404") as caught:
        await youtube.publish(short)
    assert caught.value.again


async def test_an_expired_upload_is_forgotten_before_another_is_begun(
    youtube: Adapter, networks_url: str, fakes: Fakes
) -> None:
    await fakes.fault("youtube", "status", method="POST", status=500)
    short = gone(networks_url, sending=True)
    with pytest.raises(Unavailable):
        await youtube.publish(short)
    assert await youtube.find(short) is None


async def test_what_a_session_refuses_for_good_has_failed_there(
    youtube: Adapter, short: Publication, fakes: Fakes
) -> None:
    await fakes.fault("youtube", "status", method="PUT", status=400)
    with pytest.raises(FailedThere, match="as ordered") as caught:
        await youtube.publish(short)
    assert not caught.value.again
    await fakes.fault("youtube", "status", method="PUT", status=400)
    with pytest.raises(CannotTell):
        await youtube.find(short)


async def test_an_upload_that_is_complete_but_no_video_yet_is_not_sent_again(
    youtube: Adapter, short: Publication, fakes: Fakes
) -> None:
    await fakes.fault("youtube", "stuck", method="STUCK", times=3)
    for ask in (youtube.publish, youtube.find, youtube.publish):
        with pytest.raises(NoAnswer):
            await ask(short)
    assert await fakes.requests("youtube", "PUT") == 3
    made = await youtube.find(short)
    assert made
    assert [post["id"] for post in await fakes.posts()] == [made.id]


async def test_a_video_has_longer_than_other_requests(
    youtube: Adapter, short: Publication, fakes: Fakes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "UPLOAD_SECONDS", 0.1)
    await fakes.set(before=0.3)
    with pytest.raises(NoAnswer, match="did not answer"):
        await youtube.publish(short)
    monkeypatch.undo()
    assert adapter.UPLOAD_SECONDS == 480
    assert await youtube.publish(short)


async def test_a_complete_upload_with_an_answer_that_makes_no_sense_may_be_public(
    youtube: Adapter, networks_url: str, fakes: Fakes
) -> None:
    await fakes.fault("youtube", "status", method="PUT", status=200, body={"odd": True})
    with pytest.raises(NoAnswer):
        await youtube.publish(gone(networks_url))


async def test_bytes_that_end_too_early_are_no_upload(
    youtube: Adapter, networks_url: str, fakes: Fakes
) -> None:
    short = work(networks_url, "shorts", "short.mp4")
    with pytest.raises(Unavailable, match="not to the end"):
        await youtube.publish(short)
    short.media = [f"{networks_url}/media/clip.mp4"]
    made = await youtube.publish(short)
    assert [post["id"] for post in await fakes.posts()] == [made.id]


@pytest.mark.parametrize("video", ["other.mp4", "astray.mp4"])
async def test_a_video_that_has_changed_is_not_joined_to_what_was_sent(
    youtube: Adapter, networks_url: str, fakes: Fakes, short: Publication, video: str
) -> None:
    await fakes.fault("youtube", "partial", method="PARTIAL")
    with pytest.raises(NoAnswer):
        await youtube.publish(short)
    short.media = [f"{networks_url}/media/{video}"]
    with pytest.raises(FailedThere) as caught:
        await youtube.publish(short)
    assert caught.value.again
    assert await fakes.posts() == []


async def test_videos_of_one_channel_leave_places_for_others(
    youtube: Adapter, networks_url: str, fakes: Fakes
) -> None:
    await fakes.set(before=0.3)
    mine = [work(networks_url, "shorts", "clip.mp4") for _ in range(adapter.UPLOADS_OF_ONE + 2)]
    other = work(networks_url, "shorts", "clip.mp4", credentials={"access_token": "other"})
    ended = await asyncio.gather(*map(youtube.publish, [*mine, other]), return_exceptions=True)
    waits = [error for error in ended if isinstance(error, Working)]
    assert (len(waits), [error.may_be_public for error in waits]) == (2, [False, False])
    assert len(await fakes.posts()) == adapter.UPLOADS_OF_ONE + 1
    await youtube.publish(mine[-1])
