"""What is particular to X, which accounts call `twitter`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from fakes.networks.client import Fakes
from fakes.networks.state import PublicPost
from fakes.networks.twitter import shown
from services.sns.tests.networks.kit import work
from shared.schemas.dates import utcnow
from sns_service.networks.errors import (
    Busy,
    FailedThere,
    NetworkError,
    NoAnswer,
    Refused,
    TokenRejected,
    Unavailable,
    Working,
)
from sns_service.networks.network import Adapter, Metrics, Publication
from sns_service.networks.twitter.adapter import same_text
from sns_service.networks.twitter.errors import Duplicate, by_problem

POSTS = {"method": "POST", "path": "/2/tweets"}
TEXT = "Tea & <scones> at https://tea.example/menu?a=1 today"


@pytest.fixture
def twitter(networks: Mapping[str, Adapter], fakes: Fakes) -> Adapter:
    return networks["twitter"]


@pytest.fixture
def tweet(networks_url: str) -> Publication:
    made = work(networks_url, "card_news")
    made.content = TEXT
    return made


async def raised(call: Any) -> NetworkError:
    with pytest.raises(NetworkError) as caught:
        await call
    return caught.value


def problem(detail: str, kind: str = "about:blank", title: str = "Forbidden") -> dict[str, str]:
    return {"detail": detail, "type": kind, "title": title}


async def test_a_text_is_posted_and_named_by_its_address(
    twitter: Adapter, tweet: Publication, fakes: Fakes
) -> None:
    made = await twitter.publish(tweet)
    (public,) = await fakes.posts()
    assert (public["content"], public["media"]) == (TEXT, [])
    assert (made.id, made.url) == (public["id"], f"https://x.com/i/web/status/{public['id']}")


async def test_pictures_are_sent_in_parts_and_shown(
    twitter: Adapter, networks_url: str, fakes: Fakes
) -> None:
    await fakes.set(preparing=1)
    await twitter.publish(work(networks_url, "carousel", "card.jpg", "large.jpg"))
    (public,) = await fakes.posts()
    assert len(public["media"]) == 2
    assert await fakes.requests("twitter", "POST /2/media/upload") == 2 + 1 + 3 + 2  # begun, parts, ended


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("huge.jpg", "more than 5 MB"),
        ("clip.mp4", "returns video/mp4, not a picture"),
        ("gone.jpg", "answered 404"),
        ("empty.jpg", "empty file"),
        ("anim.gif", "image/gif"),
    ],
)
async def test_what_is_no_picture_for_x_is_refused_before_anything_is_posted(
    twitter: Adapter, networks_url: str, fakes: Fakes, name: str, text: str
) -> None:
    error = await raised(twitter.publish(work(networks_url, "card_news", name)))
    assert isinstance(error, Refused)
    assert (error.code, error.may_be_public) == ("media_refused", False)
    assert text in str(error)
    assert await fakes.requests("twitter", "POST /2/tweets") == 0


async def test_a_picture_that_x_cannot_use_has_failed_and_one_it_prepares_is_waited_for(
    twitter: Adapter, networks_url: str, fakes: Fakes
) -> None:
    await fakes.set(prepared_as="ERROR")
    error = await raised(twitter.publish(work(networks_url, "card_news", "card.jpg")))
    assert isinstance(error, FailedThere)
    assert "Unsupported image" in str(error)
    await fakes.set(prepared_as="FINISHED", preparing=50)
    assert isinstance(await raised(twitter.publish(work(networks_url, "card_news", "card.jpg"))), Working)


async def test_pictures_that_x_has_are_not_sent_again(
    twitter: Adapter, networks_url: str, fakes: Fakes
) -> None:
    card = work(networks_url, "card_news", "card.jpg")
    await fakes.fault("twitter", "status", status=500, **POSTS)
    assert isinstance(await raised(twitter.publish(card)), NoAnswer)
    await twitter.publish(card)
    assert await fakes.requests("twitter", "POST /2/media/upload/initialize") == 1


@pytest.mark.parametrize("media", [(), ("card.jpg",)])
async def test_a_lost_answer_is_found_by_the_text_or_the_pictures(
    twitter: Adapter, networks_url: str, fakes: Fakes, media: tuple[str, ...]
) -> None:
    tweet = work(networks_url, "card_news", *media)
    tweet.content = TEXT
    assert await twitter.find(tweet) is None  # nothing was asked: X is not, either
    await fakes.fault("twitter", "drop_after", **POSTS)
    error = await raised(twitter.publish(tweet))
    assert isinstance(error, NoAnswer)
    found = await twitter.find(tweet)
    (public,) = await fakes.posts()
    assert found is not None
    assert found.id == public["id"]


async def test_who_lists_late_refuses_the_second_one_and_may_have_the_first(
    twitter: Adapter, tweet: Publication, fakes: Fakes
) -> None:
    await fakes.set(listing_lags=True)
    await fakes.fault("twitter", "drop_after", **POSTS)
    await raised(twitter.publish(tweet))
    assert await twitter.find(tweet) is None
    error = await raised(twitter.publish(tweet))
    assert isinstance(error, Duplicate)
    assert error.may_be_public
    await fakes.set(listing_lags=False)
    assert (await twitter.publish(tweet)).id == (await fakes.posts())[0]["id"]
    assert len(await fakes.posts()) == 1


async def test_a_text_that_was_there_before_is_a_definite_no_that_says_what_to_do(
    twitter: Adapter, tweet: Publication, networks_url: str, fakes: Fakes
) -> None:
    await twitter.publish(tweet)
    again = work(networks_url, "card_news")
    again.content = TEXT
    error = await raised(twitter.publish(again))
    assert isinstance(error, Duplicate)
    assert (error.may_be_public, again.progress["asked"]) == (False, False)
    assert "Change it, then retry the post" in str(error)


async def test_a_post_is_looked_for_behind_a_hundred_others(
    twitter: Adapter, tweet: Publication, fakes: Fakes
) -> None:
    await fakes.fault("twitter", "drop_after", **POSTS)
    await raised(twitter.publish(tweet))
    for number in range(120):
        other = Publication("o", f"Another {number}", "card_news", [], tweet.credentials)
        await twitter.publish(other)
    found = await twitter.find(tweet)
    assert found is not None
    assert found.id == (await fakes.posts())[0]["id"]


@pytest.mark.parametrize(
    ("content", "same"),
    [(TEXT, True), ("Tea", False), (TEXT + " now", False), (TEXT.replace("https://", ""), False)],
)
def test_a_text_is_known_through_short_links_and_entities(content: str, same: bool) -> None:
    listed = shown(PublicPost("twitter", "1", "7", TEXT, media=["3_1"]))
    assert "t.co" in listed["text"]
    assert "&amp;" in listed["text"]
    assert same_text(listed, content) is (same or content == TEXT.replace("https://", ""))


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (401, problem("Unauthorized", title="Unauthorized"), TokenRejected, "credentials_rejected"),
        (403, problem("You are not permitted to perform this action."), Refused, "credentials_rejected"),
        (403, problem("Your account is suspended"), Refused, "refused"),
        (403, problem("x", "https://api.twitter.com/2/problems/client-forbidden"), Unavailable, None),
        (402, problem("no credits", title="CreditsDepleted"), Unavailable, None),
        (400, {"title": "Invalid Request", "errors": [{"message": "text is odd"}]}, Refused, "refused"),
        (503, problem("Service Unavailable"), NoAnswer, None),
    ],
)
async def test_what_x_answers_means(
    twitter: Adapter,
    tweet: Publication,
    fakes: Fakes,
    status: int,
    body: dict[str, Any],
    kind: type[NetworkError],
    code: str | None,
) -> None:
    await fakes.fault("twitter", "status", status=status, body=body, **POSTS)
    error = await raised(twitter.publish(tweet))
    assert type(error) is kind
    assert getattr(error, "code", None) == code
    assert tweet.progress["asked"] is (kind is NoAnswer)


@pytest.mark.parametrize(
    ("headers", "low", "high"),
    [
        ({"x-rate-limit-remaining": "0", "x-rate-limit-reset": "+100"}, 90, 100),
        ({"x-rate-limit-reset": "+100", "x-user-limit-24hour-reset": "+7000"}, 6990, 7000),
        (
            {
                "x-rate-limit-remaining": "0",
                "x-rate-limit-reset": "+100",
                "x-user-limit-24hour-remaining": "5",
                "x-user-limit-24hour-reset": "+7000",
            },
            90,
            100,
        ),
        ({"x-rate-limit-reset": "-5"}, 1, 1),
        ({"x-rate-limit-reset": "soon"}, 900, 900),
        ({}, 900, 900),
    ],
)
def test_a_limit_is_waited_for_until_it_is_lifted(headers: dict[str, str], low: float, high: float) -> None:
    now = int(utcnow().timestamp())
    given = {name: str(now + int(text)) if text[0] in "+-" else text for name, text in headers.items()}
    error = by_problem(httpx.Response(429, headers=given, json={"title": "Too Many Requests"}), "said")
    assert isinstance(error, Busy)
    assert low <= error.retry_after <= high


async def test_counts_are_asked_for_until_the_post_is_gone(
    twitter: Adapter, tweet: Publication, fakes: Fakes
) -> None:
    made = await twitter.publish(tweet)
    await fakes.change(
        "twitter", made.id, counts={"views": 9, "likes": 3, "comments": 2, "shares": 4, "quotes": 1}
    )
    assert await twitter.measure(tweet.credentials, made.id) == Metrics(
        views=9, likes=3, comments=2, shares=5
    )
    await fakes.change("twitter", made.id, gone=True)
    assert await twitter.measure(tweet.credentials, made.id) is None
