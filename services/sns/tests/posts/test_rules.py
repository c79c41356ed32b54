"""What networks take. No database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sns_service.networks.media import Defaults, media_kind, title_of, utf16_length
from sns_service.posts.errors import InvalidTime
from sns_service.posts.rules import content_errors, due

DEFAULTS = Defaults("https://a.test/card.jpg", "https://a.test/clip.mp4")
IMAGE, VIDEO = "https://a.test/1.jpg", "https://a.test/1.mp4?x=1"


@pytest.mark.parametrize(
    ("platform", "template", "content", "media", "wrong"),
    [
        ("instagram", "card_news", "x" * 2200, [], None),
        ("instagram", "card_news", "x" * 2201, [], "instagram accepts up to 2200 characters; this has 2201"),
        ("instagram", "card_news", "#a " * 31, [], "instagram accepts up to 30 hashtags; this has 31"),
        ("instagram", "card_news", "#a" * 31, [], "instagram accepts up to 30 hashtags; this has 31"),
        ("instagram", "card_news", "#😀 " * 31, [], "instagram accepts up to 30 hashtags; this has 31"),
        ("instagram", "card_news", "@a " * 21, [], "instagram accepts up to 20 mentions; this has 21"),
        ("instagram", "card_news", "kim@example.com " * 40, [], None),
        (
            "instagram",
            "card_news",
            "x",
            [IMAGE] * 11,
            "instagram accepts 1 to 10 images with card_news; this has 11",
        ),
        ("instagram", "carousel", "x", [IMAGE], "instagram accepts 2 to 10 images with carousel; this has 1"),
        ("instagram", "carousel", "x", [IMAGE, VIDEO], "this is a video"),
        ("instagram", "reel", "x", [VIDEO], None),
        ("instagram", "card_news", "x", ["https://a.test/photo"], None),
        (
            "instagram",
            "card_news",
            "x",
            ["https://a.test/1.PNG"],
            "instagram accepts images as .jpeg, .jpg; this is .png",
        ),
        ("tiktok", "card_news", "x", ["https://a.test/1.m4v"], "tiktok accepts videos as .mov, .mp4, .webm"),
        ("blog", "blog_post", "x", ["https://a.test/1.png"], None),
        ("instagram", "reel", "x", [IMAGE], "instagram accepts 1 video with reel; this is a image"),
        ("instagram", "blog_post", "x", [], "instagram accepts card_news, carousel, reel, not blog_post"),
        ("tiktok", "card_news", "x" * 4001, [], "tiktok accepts up to 4000 characters; this has 4001"),
        ("tiktok", "card_news", "😀" * 2000, [IMAGE], None),
        ("tiktok", "card_news", "😀" * 2001, [], "tiktok accepts up to 4000 characters; this has 4002"),
        (
            "tiktok",
            "card_news",
            "x",
            [IMAGE] * 36,
            "tiktok accepts 1 to 35 images or 1 video with card_news; this has 36 images",
        ),
        ("tiktok", "card_news", "x" * 2200, [VIDEO], None),
        (
            "tiktok",
            "card_news",
            "😀" * 1101,
            [VIDEO],
            "tiktok accepts up to 2200 characters with a video; this has 2202",
        ),
        (
            "tiktok",
            "card_news",
            "x",
            [VIDEO] * 2,
            "1 to 35 images or 1 video with card_news; this has 2 videos",
        ),
        ("tiktok", "card_news", "x", [VIDEO, IMAGE], "1 to 35 images or 1 video with card_news, not both"),
        ("tiktok", "card_news", "x", [IMAGE, VIDEO], "1 to 35 images or 1 video with card_news, not both"),
        ("youtube_shorts", "shorts", "Title\n" + "x" * 4990, [], None),
        ("youtube_shorts", "shorts", "x" * 101, [], "(the title) of up to 100 characters; this has 101"),
        (
            "youtube_shorts",
            "shorts",
            "T\n" + "서" * 1700,
            [],
            "youtube_shorts accepts up to 5000 bytes; this has 5102",
        ),
        ("youtube_shorts", "shorts", "a < b", [], "not accept < or >"),
        ("blog", "blog_post", "x" * 100_000, [], None),
        ("blog", "blog_post", "x", [IMAGE] * 21, "blog accepts 0 to 20 images with blog_post; this has 21"),
    ],
)
def test_what_a_network_takes(
    platform: str, template: str, content: str, media: list[str], wrong: str | None
) -> None:
    found = content_errors(platform, template=template, content=content, media=media, defaults=DEFAULTS)
    if wrong is None:
        assert found == []
    else:
        assert wrong in found[0].message


def test_without_a_default_a_network_that_needs_media_takes_nothing_without() -> None:
    for platform, template in (("instagram", "card_news"), ("youtube_shorts", "shorts")):
        found = content_errors(platform, template=template, content="x", media=[], defaults=Defaults())
        assert "this has none" in found[0].message
    assert content_errors("blog", template="blog_post", content="x", media=[], defaults=Defaults()) == []


def test_a_title_is_the_first_line_cut_to_what_fits() -> None:
    assert title_of("  First\nSecond", 90) == "First"
    assert title_of("x" * 91, 90) == "x" * 89 + "…"
    assert title_of("😀" * 45, 90, length=utf16_length) == "😀" * 45
    assert title_of("😀" * 46, 90, length=utf16_length) == "😀" * 44 + "…"


def test_media_is_told_apart_by_its_ending() -> None:
    assert [media_kind(url) for url in (IMAGE, VIDEO, "https://a.test/MOVIE.MOV")] == [
        "image",
        "video",
        "video",
    ]


def test_when_a_post_is_due() -> None:
    now = datetime(2026, 12, 1, tzinfo=UTC)
    assert due(now + timedelta(hours=1), now=now) == timedelta(hours=1)
    assert due(now - timedelta(seconds=30), now=now) == timedelta(0)
    for wrong in (timedelta(minutes=-2), timedelta(days=367)):
        with pytest.raises(InvalidTime):
            due(now + wrong, now=now)
