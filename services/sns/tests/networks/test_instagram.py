"""What is particular to Instagram: its containers, and how a published one leads to its post."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta

import pytest

from fakes.networks.client import Fakes
from services.sns.tests.networks.kit import CREDENTIALS, work
from shared.schemas.dates import utcnow
from sns_service.networks.errors import CannotTell, FailedThere, NoAnswer, Unavailable, Working
from sns_service.networks.network import Adapter, Published

UNKNOWN = {"error": {"message": "Unsupported get request.", "code": 100, "error_subcode": 33}}
CONTAINER = {"method": "GET", "path": "/c1"}


@pytest.fixture
def instagram(networks: Mapping[str, Adapter]) -> Adapter:
    return networks["instagram"]


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sns_service.networks.instagram.adapter.POLL_SECONDS", 0.01)


async def test_a_carousel_is_one_post_of_several_pictures(
    instagram: Adapter, networks_url: str, fakes: Fakes
) -> None:
    made = await instagram.publish(work(networks_url, "carousel", "card.jpg", "card.jpg"))
    (post,) = await fakes.posts()
    assert (post["id"], post["account"]) == (made.id, "u1")
    assert made.url == f"https://instagram.test/p/{made.id}"


async def test_a_reel_waits_until_its_video_is_prepared(
    instagram: Adapter, networks_url: str, fakes: Fakes
) -> None:
    await fakes.set(preparing=2)
    await instagram.publish(work(networks_url, "reel", "clip.mp4"))
    assert len(await fakes.posts()) == 1


async def test_a_container_that_is_still_prepared_is_used_later(
    instagram: Adapter, networks_url: str, fakes: Fakes
) -> None:
    await fakes.set(preparing=10)
    reel = work(networks_url, "reel", "clip.mp4")
    with pytest.raises(Working, match="still preparing") as caught:
        await instagram.publish(reel)
    assert (caught.value.retry_after, caught.value.may_be_public) == (30.0, False)
    container = reel.progress["container"]
    with pytest.raises(Working) as looked_up:
        await instagram.find(reel)
    assert looked_up.value.may_be_public  # it may have been told to publish before
    await instagram.publish(reel)
    assert reel.progress["container"] == container
    assert len(await fakes.posts()) == 1


@pytest.mark.parametrize(
    ("said", "again"),
    [
        ("Error: Media upload has failed with error code 2207026", False),  # an unsupported format
        ("Error: Media upload has failed with error code 2207053", True),  # an unknown error of theirs
    ],
)
async def test_media_that_cannot_be_prepared_is_given_once(
    instagram: Adapter, networks_url: str, fakes: Fakes, said: str, again: bool
) -> None:
    body = {"status_code": "ERROR", "status": said}
    await fakes.fault("instagram", "status", status=200, body=body, **CONTAINER)
    with pytest.raises(FailedThere, match=said) as caught:
        await instagram.publish(work(networks_url, "reel", "clip.mp4"))
    assert (caught.value.code, caught.value.again) == ("media_refused", again)
    assert await fakes.requests("instagram", "POST") == 1


async def test_an_error_while_it_is_prepared_ends_the_wait(
    instagram: Adapter, networks_url: str, fakes: Fakes
) -> None:
    await fakes.set(preparing=2, prepared_as="ERROR")
    reel = work(networks_url, "reel", "clip.mp4")
    for _ in range(2):
        with pytest.raises(FailedThere, match="2207026"):
            await instagram.publish(reel)
    assert await instagram.find(reel) is None
    assert await fakes.requests("instagram", "POST") == 1


@pytest.mark.parametrize(("status", "body"), [(200, {"status_code": "EXPIRED"}), (400, UNKNOWN)])
async def test_a_container_that_is_gone_is_made_anew(
    instagram: Adapter, networks_url: str, fakes: Fakes, status: int, body: object
) -> None:
    card = work(networks_url, "card_news", "card.jpg", progress={"container": "c17"})
    await fakes.fault("instagram", "status", status=status, body=body, **CONTAINER)
    made = await instagram.publish(card)
    assert card.progress["container"] != "c17"
    assert [post["id"] for post in await fakes.posts()] == [made.id]


async def test_no_more_than_one_container_is_made_at_a_time(
    instagram: Adapter, networks_url: str, fakes: Fakes
) -> None:
    await fakes.set(prepared_as="EXPIRED")
    with pytest.raises(Unavailable) as caught:
        await instagram.publish(work(networks_url, "card_news", "card.jpg", progress={"container": "c17"}))
    assert not caught.value.may_be_public
    assert await fakes.requests("instagram", "POST") == 1


async def test_a_container_published_by_a_slower_attempt_is_not_published_again(
    instagram: Adapter, networks_url: str, fakes: Fakes
) -> None:
    first = work(networks_url, "card_news", "card.jpg")
    made = await instagram.publish(first)
    again = work(networks_url, "card_news", "card.jpg", progress=dict(first.progress))
    assert await instagram.publish(again) == made
    assert await fakes.requests("instagram", "POST /u1/media_publish") == 1
    assert await instagram.find(again) == made
    # As if it had been looked up just before: FINISHED then, published since.
    finished = {"status_code": "FINISHED", "status": ""}
    await fakes.fault("instagram", "status", status=200, body=finished, **CONTAINER)
    assert await instagram.publish(again) == made
    assert len(await fakes.posts()) == 1


@pytest.mark.parametrize("status", ["FINISHED", "EXPIRED", "ERROR"])
async def test_a_container_that_is_not_published_is_not_found(
    instagram: Adapter, networks_url: str, fakes: Fakes, status: str
) -> None:
    await fakes.fault("instagram", "status", status=200, body={"status_code": status}, **CONTAINER)
    assert await instagram.find(work(networks_url, "x", "card.jpg", progress={"container": "c17"})) is None


async def test_a_container_that_meta_forgot_tells_nothing(
    instagram: Adapter, networks_url: str, fakes: Fakes
) -> None:
    with pytest.raises(CannotTell):
        await instagram.find(work(networks_url, "x", "card.jpg", progress={"container": "c17"}))
    assert await instagram.find(work(networks_url, "x", "card.jpg")) is None


async def test_posts_that_say_the_same_are_told_apart_by_when_they_were_made(
    instagram: Adapter, networks_url: str, fakes: Fakes
) -> None:
    old, lost = work(networks_url, "x", "card.jpg"), work(networks_url, "x", "card.jpg")
    await fakes.change("instagram", (await instagram.publish(old)).id, at=time.time() - 3600)
    await fakes.fault("instagram", "drop_after", path="/media_publish")
    with pytest.raises(NoAnswer):
        await instagram.publish(lost)
    lost_id = (await fakes.posts())[-1]["id"]
    later = await instagram.publish(work(networks_url, "x", "card.jpg"))
    await fakes.change("instagram", later.id, at=time.time() + 3600)
    assert await instagram.find(lost) == Published(lost_id, f"https://instagram.test/p/{lost_id}")
    await fakes.change("instagram", lost_id, gone=True)
    await fakes.change("instagram", later.id, gone=True)
    assert await instagram.find(lost) == Published("")


async def test_clocks_may_differ_by_a_minute(instagram: Adapter, networks_url: str, fakes: Fakes) -> None:
    card = work(networks_url, "x", "card.jpg")
    made = await instagram.publish(card)
    for ahead, found in ((50, made.id), (70, "")):
        await card.keep(made_at=(utcnow() + timedelta(seconds=ahead)).isoformat())
        assert (await instagram.publish(card)).id == found


async def test_what_an_older_version_kept_names_no_post_that_may_be_another(
    instagram: Adapter, networks_url: str, fakes: Fakes
) -> None:
    card = work(networks_url, "x", "card.jpg")
    await instagram.publish(card)
    del card.progress["made_at"]
    assert await instagram.find(card) == Published("")


async def test_counts_of_what_is_gone_are_none(instagram: Adapter, networks_url: str, fakes: Fakes) -> None:
    made = await instagram.publish(work(networks_url, "x", "card.jpg"))
    await fakes.change("instagram", made.id, counts={"likes": 3, "comments": 2})
    found = await instagram.measure(CREDENTIALS, made.id)
    assert found is not None
    assert (found.likes, found.comments) == (3, 2)
    await fakes.change("instagram", made.id, gone=True)
    assert await instagram.measure(CREDENTIALS, made.id) is None
