"""How X counts: by examples of twitter-text's own tests, and by its documents."""

from __future__ import annotations

import pytest

from sns_service.networks.media import Defaults
from sns_service.networks.twitter.network import tweet_length
from sns_service.posts.rules import content_errors


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("Hello", 5),
        ("안녕", 4),
        ("日本", 4),
        ("caf\u00e9", 4),
        ("\u201cquoted\u201d…", 10),
        ("see https://example.com/" + "a" * 200, 27),
        ("HTTP://A.EXAMPLE b", 25),
        ("\U0001f600", 2),
        ("\U0001f44d\U0001f3fd", 2),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466", 2),
        ("\U0001f1f0\U0001f1f7", 2),
        ("1\ufe0f\u20e3", 2),
        ("\u2764\ufe0f!", 3),
    ],
)
def test_a_text_weighs_what_x_says(text: str, length: int) -> None:
    assert tweet_length(text) == length


@pytest.mark.parametrize(("content", "fits"), [("가" * 140, True), ("가" * 141, False), ("a" * 280, True)])
def test_a_post_for_x_has_280_of_them(content: str, fits: bool) -> None:
    found = content_errors("twitter", template="card_news", content=content, media=(), defaults=Defaults())
    assert (not found) is fits
    assert all("twitter accepts up to 280 characters; this has 282" in error.message for error in found)


@pytest.mark.parametrize(
    ("template", "media", "message"),
    [
        ("shorts", (), "twitter accepts card_news, blog_post, carousel, not shorts"),
        ("card_news", ["https://a.example/a.gif"], "this is .gif"),
        ("card_news", ["https://a.example/a.mp4"], "this is a video"),
        ("card_news", ["https://a.example/a.png"] * 5, "this has 5"),
    ],
)
def test_what_x_cannot_publish_is_named(template: str, media: list[str], message: str) -> None:
    found = content_errors("twitter", template=template, content="a", media=media, defaults=Defaults())
    assert any(message in error.message for error in found)
