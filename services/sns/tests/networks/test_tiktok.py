"""What is particular to TikTok."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from fakes.networks.client import Fakes
from services.sns.tests.networks.kit import work
from sns_service.networks.errors import (
    CannotTell,
    NetworkError,
    NoAnswer,
    Refused,
    TokenRejected,
    Unavailable,
    Working,
)
from sns_service.networks.network import Adapter, Publication, Published
from sns_service.networks.tiktok.adapter import POLLS
from sns_service.publishing.claims import NOT_ASKED

INIT, STATUS, CREATOR = "/init/", "/status/fetch/", "/creator_info/query/"


@pytest.fixture
def tiktok(networks: Mapping[str, Adapter], fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> Adapter:
    """In no hurry to be asked again, so that the tests need not be either."""
    monkeypatch.setattr("sns_service.networks.tiktok.adapter.POLL_SECONDS", 0)
    return networks["tiktok"]


@pytest.fixture
def card(networks_url: str) -> Publication:
    return work(networks_url, "card_news", "card.jpg")


def error(code: str) -> dict[str, Any]:
    """As TikTok says it."""
    return {"data": {}, "error": {"code": code, "message": f"about {code}", "log_id": "1"}}


async def raised(call: Any) -> NetworkError:
    with pytest.raises(NetworkError) as caught:
        await call
    return caught.value


async def test_tiktok_takes_a_video_with_the_whole_text_as_its_title(
    tiktok: Adapter, networks_url: str, fakes: Fakes
) -> None:
    await fakes.set(preparing=2)
    clip = work(networks_url, "card_news", "clip.mp4")
    clip.content = "First line #hashtag\nsecond"
    made = await tiktok.publish(clip)
    assert (await tiktok.find(clip)) == made
    (post,) = await fakes.posts()
    assert (post["id"], post["content"]) == (made.id, "First line #hashtag\nsecond")
    assert post["media"] == [f"{networks_url}/media/clip.mp4"]
    assert await fakes.requests("tiktok", "POST /v2/post/publish/video/init/") == 1
    assert await fakes.requests("tiktok", "POST /v2/post/publish/content/init/") == 0


async def test_longest_texts_of_tiktok_are_taken_as_it_counts_them(
    tiktok: Adapter, networks_url: str, fakes: Fakes
) -> None:
    for media, units in (("card.jpg", 4000), ("clip.mp4", 2200)):
        longest = work(networks_url, "card_news", media)
        longest.content = "😀" * (units // 2)
        await tiktok.publish(longest)
    assert len(await fakes.posts()) == 2


@pytest.mark.parametrize(
    ("offered", "audience"),
    [
        (["SELF_ONLY", "MUTUAL_FOLLOW_FRIENDS", "PUBLIC_TO_EVERYONE"], "PUBLIC_TO_EVERYONE"),
        (["SELF_ONLY", "MUTUAL_FOLLOW_FRIENDS", "FOLLOWER_OF_CREATOR"], "FOLLOWER_OF_CREATOR"),
        (["MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"], "MUTUAL_FOLLOW_FRIENDS"),
    ],
)
async def test_a_post_is_for_the_widest_audience_that_tiktok_offers(
    tiktok: Adapter, card: Publication, networks_url: str, fakes: Fakes, offered: list[str], audience: str
) -> None:
    await fakes.set(audiences=offered)
    await tiktok.publish(card)
    await tiktok.publish(work(networks_url, "card_news", "clip.mp4"))
    assert [post["audience"] for post in await fakes.posts()] == [audience] * 2
    assert await fakes.requests("tiktok", f"POST /v2/post/publish{CREATOR}") == 2


@pytest.mark.parametrize("offered", [["SELF_ONLY"], []])
async def test_a_post_that_nobody_would_see_is_refused_before_it_is_sent(
    tiktok: Adapter, card: Publication, fakes: Fakes, offered: list[str]
) -> None:
    await fakes.set(audiences=offered)
    with pytest.raises(Refused, match="only to its author") as caught:
        await tiktok.publish(card)
    assert (caught.value.may_be_public, card.progress) == (False, {})
    assert await fakes.posts() == []


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (500, error("internal_error"), Unavailable),
        (200, error("internal_error"), Unavailable),
        (200, error("access_token_invalid"), TokenRejected),
        (400, error("invalid_params"), Refused),
        (400, error("invalid_publish_id"), CannotTell),
        (400, error("token_not_authorized_for_specified_publish_id"), CannotTell),
        (200, {"odd": True}, Unavailable),
    ],
)
async def test_what_tiktok_has_may_be_public_whatever_it_says_when_asked_for_its_status(
    tiktok: Adapter, card: Publication, fakes: Fakes, status: int, body: dict[str, Any], kind: type
) -> None:
    for call in (tiktok.publish, tiktok.find):
        await fakes.fault("tiktok", "status", path=STATUS, status=status, body=body)
        found = await raised(call(card))
        assert (type(found), found.may_be_public) == (kind, True)
    assert await tiktok.find(card) == Published((await fakes.posts())[0]["id"])


async def test_tiktok_is_waited_for_as_long_as_it_works(
    tiktok: Adapter, card: Publication, fakes: Fakes
) -> None:
    await fakes.set(preparing=POLLS + 1)
    for call in (tiktok.publish, tiktok.find):
        with pytest.raises(Working) as caught:
            await call(card)
        assert (caught.value.retry_after, caught.value.may_be_public) == (30, True)
    assert (await tiktok.find(card)) == Published((await fakes.posts())[0]["id"])
    assert await fakes.requests("tiktok", "POST /v2/post/publish/content/init/") == 1


async def test_a_post_that_tiktok_has_not_named_yet_is_published_all_the_same(
    tiktok: Adapter, card: Publication, fakes: Fakes
) -> None:
    await fakes.set(moderating=1)
    assert await tiktok.publish(card) == Published("")
    assert await tiktok.find(card) == Published((await fakes.posts())[0]["id"])


async def test_a_post_that_tiktok_was_never_asked_to_publish_is_not_there(
    tiktok: Adapter, card: Publication, fakes: Fakes
) -> None:
    await fakes.fault("tiktok", "drop_after", path=CREATOR)
    assert type(await raised(tiktok.publish(card))) is Unavailable
    card.progress |= NOT_ASKED
    assert await tiktok.find(card) is None
    assert await fakes.requests("tiktok", "POST /v2/post/publish/content/init/") == 0


async def test_of_a_post_of_the_version_before_nobody_knows_whether_tiktok_was_asked(
    tiktok: Adapter, card: Publication
) -> None:
    assert type(await raised(tiktok.find(card))) is CannotTell


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
async def test_that_tiktok_is_asked_is_written_down_before_it_is(
    tiktok: Adapter, card: Publication, fakes: Fakes, kind: str
) -> None:
    kept: list[Mapping[str, Any]] = []

    async def note(progress: Mapping[str, Any]) -> None:
        assert await fakes.posts() == []
        kept.append(progress)

    card.note = note
    await fakes.fault("tiktok", kind, path=INIT)
    assert type(await raised(tiktok.publish(card))) is NoAnswer
    assert kept == [{"asked": True}]
    with pytest.raises(CannotTell, match="no way to look it up"):
        await tiktok.find(card)


@pytest.mark.parametrize("publish_id", [None, "", 7], ids=["null", "empty", "number"])
async def test_an_answer_without_a_publish_id_is_none(
    tiktok: Adapter, card: Publication, fakes: Fakes, publish_id: object
) -> None:
    odd = {"data": {"publish_id": publish_id}, "error": {"code": "ok"}}
    await fakes.fault("tiktok", "status", path=INIT, status=200, body=odd)
    assert type(await raised(tiktok.publish(card))) is NoAnswer
    assert card.progress == {"asked": True}


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (429, "rate_limit_exceeded"),
        (401, "access_token_invalid"),
        (400, "invalid_params"),
        (200, "invalid_params"),
    ],
)
async def test_a_definite_no_leaves_nothing_that_could_have_got_lost(
    tiktok: Adapter, card: Publication, fakes: Fakes, status: int, code: str
) -> None:
    await fakes.fault("tiktok", "status", path=INIT, status=status, body=error(code))
    assert not (await raised(tiktok.publish(card))).may_be_public
    assert await tiktok.find(card) is None
    await tiktok.publish(card)
    assert len(await fakes.posts()) == 1


async def test_tiktok_that_cannot_be_reached_was_not_asked(
    tiktok: Adapter, card: Publication, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = httpx.AsyncClient.send

    async def unreachable(self: Any, request: httpx.Request, **more: Any) -> httpx.Response:
        if request.url.path.endswith(INIT):
            raise httpx.ConnectError("no route")
        return await send(self, request, **more)

    monkeypatch.setattr(httpx.AsyncClient, "send", unreachable)
    assert type(await raised(tiktok.publish(card))) is Unavailable
    assert await tiktok.find(card) is None
