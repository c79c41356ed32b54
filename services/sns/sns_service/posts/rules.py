"""What a network takes, and when. No database."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Final, Literal
from urllib.parse import urlsplit

from shared.errors import FieldError
from sns_service.posts.errors import InvalidTime
from sns_service.posts.templates import MEDIA, MediaKind, MediaRule, templates_of
from sns_service.posts.tweet_length import LONGEST_TWEET, tweet_length

Status = Literal["draft", "scheduled", "publishing", "published", "failed"]

CHARACTERS: Final = {"instagram": 2200, "blog": 100_000}
TIKTOK_CHARACTERS: Final[dict[MediaKind, int]] = {"image": 4000, "video": 2200}
"""Of a text beside pictures, and of one beside a video. TikTok counts as UTF-16 does: an emoji is two."""
YOUTUBE_TITLE, YOUTUBE_BYTES = 100, 5000
TIKTOK_TITLE, BLOG_TITLE = 90, 200
INSTAGRAM_HASHTAGS, INSTAGRAM_MENTIONS = 30, 20
VIDEOS: Final = {".mp4", ".mov", ".webm", ".m4v"}
PICTURES: Final = {
    ".jpg",
    ".jpeg",
    ".png",
    ".gif",
    ".webp",
    ".bmp",
    ".tif",
    ".tiff",
    ".heic",
    ".avif",
    ".svg",
}
FORMATS: Final[dict[tuple[str, MediaKind], set[str]]] = {
    ("instagram", "image"): {".jpg", ".jpeg"},
    ("instagram", "video"): {".mp4", ".mov"},
    ("tiktok", "image"): {".jpg", ".jpeg", ".webp"},
    ("tiktok", "video"): {".mp4", ".mov", ".webm"},
    ("twitter", "image"): {".jpg", ".jpeg", ".png", ".webp"},
}
"""Where a network takes some endings only; an address without a known one is left to the network."""
JUST_PAST: Final = timedelta(minutes=1)
"""Clocks differ: what is past by less is published now."""
FARTHEST: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a network that needs media gets for a post without any; None: then it cannot take the post."""

    image: str | None = None
    video: str | None = None

    def of(self, kind: MediaKind) -> str | None:
        """The picture or the video."""
        return self.image if kind == "image" else self.video


def utf16_length(text: str) -> int:
    """How many units of UTF-16 it has."""
    return len(text.encode("utf-16-le")) // 2


def title_of(content: str, longest: int, *, length: Callable[[str], int] = len) -> str:
    """The first line, cut to what fits a title, as `length` counts."""
    first = content.strip().split("\n", 1)[0].strip()
    if length(first) <= longest:
        return first
    cut = first[: longest - 1]
    while length(cut) >= longest:
        cut = cut[:-1]
    return cut.rstrip() + "…"


def media_kind(url: str) -> MediaKind:
    """What an address leads to, by its ending."""
    return "video" if _ending(url) in VIDEOS else "image"


def _ending(url: str) -> str:
    return PurePosixPath(urlsplit(url).path).suffix.lower()


def wrongs(
    platform: str, *, template: str, content: str, media: Sequence[str], defaults: Defaults
) -> list[FieldError]:
    """Everything for which the network would refuse the post, as far as that is to be seen here."""
    found = _wrong_lengths(platform, content, media)
    rule = MEDIA.get((platform, template))
    if rule is None:
        allowed = ", ".join(templates_of(platform))
        found.append(FieldError("template_type", f"{platform} accepts {allowed}, not {template}"))
    else:
        found += _wrong_media(platform, template, rule, media, defaults)
    return found


def _wrong_lengths(platform: str, content: str, media: Sequence[str]) -> list[FieldError]:
    if platform == "youtube_shorts":
        return _wrong_for_youtube(content)
    if platform == "tiktok":
        return _wrong_for_tiktok(content, media)
    if platform == "twitter":
        return _wrong_for_twitter(content)
    longest = CHARACTERS[platform]
    found = []
    if len(content) > longest:
        found.append(f"{platform} accepts up to {longest} characters; this has {len(content)}")
    if platform == "instagram":
        for name, sign, most in (
            ("hashtags", r"#[^\s#]", INSTAGRAM_HASHTAGS),
            ("mentions", r"(?<!\w)@\w", INSTAGRAM_MENTIONS),
        ):
            count = len(re.findall(sign, content))
            if count > most:
                found.append(f"instagram accepts up to {most} {name}; this has {count}")
    return [FieldError("content", message) for message in found]


def _wrong_for_youtube(content: str) -> list[FieldError]:
    found = []
    title, size = len(content.strip().split("\n", 1)[0].strip()), len(content.encode())
    if title > YOUTUBE_TITLE:
        found.append(
            f"youtube_shorts accepts a first line (the title) of up to {YOUTUBE_TITLE} characters; this has {title}"
        )
    if size > YOUTUBE_BYTES:
        found.append(f"youtube_shorts accepts up to {YOUTUBE_BYTES} bytes; this has {size}")
    if "<" in content or ">" in content:
        found.append("youtube_shorts does not accept < or >")
    return [FieldError("content", message) for message in found]


def _wrong_for_tiktok(content: str, media: Sequence[str]) -> list[FieldError]:
    kind: MediaKind = media_kind(media[0]) if media else "image"
    longest, length = TIKTOK_CHARACTERS[kind], utf16_length(content)
    if length <= longest:
        return []
    beside = " with a video" if kind == "video" else ""
    return [FieldError("content", f"tiktok accepts up to {longest} characters{beside}; this has {length}")]


def _wrong_for_twitter(content: str) -> list[FieldError]:
    length = tweet_length(content)
    if length <= LONGEST_TWEET:
        return []
    counted = f"this has {length} (as X counts: Korean and emoji are two each, a link is 23)"
    return [FieldError("content", f"twitter accepts up to {LONGEST_TWEET} characters; {counted}")]


def _wrong_media(
    platform: str, template: str, rule: MediaRule, media: Sequence[str], defaults: Defaults
) -> list[FieldError]:
    what = f"{platform} accepts {rule} with {template}"
    if not media:
        if rule.needed and defaults.of(rule.kind) is None:
            return [FieldError("media_urls", f"{what}; this has none")]
        return []
    kinds = {media_kind(url) for url in media}
    if rule.instead and len(kinds) > 1:
        return [FieldError("media_urls", f"{what}, not both")]
    kind = media_kind(media[0])
    fitting = rule.of(kind) or rule
    if not fitting.min <= len(media) <= fitting.max:
        counted = f"{len(media)} {kind}s" if rule.instead else len(media)
        return [FieldError("media_urls", f"{what}; this has {counted}")]
    return [
        FieldError(f"media_urls.{position}", f"{what}; this is a {media_kind(url)}")
        for position, url in enumerate(media)
        if media_kind(url) != fitting.kind
    ] or _wrong_formats(platform, fitting.kind, media)


def _wrong_formats(platform: str, kind: MediaKind, media: Sequence[str]) -> list[FieldError]:
    taken = FORMATS.get((platform, kind), PICTURES | VIDEOS)
    named = ", ".join(sorted(taken))
    return [
        FieldError(f"media_urls.{position}", f"{platform} accepts {kind}s as {named}; this is {_ending(url)}")
        for position, url in enumerate(media)
        if _ending(url) in (PICTURES | VIDEOS) - taken
    ]


def due(scheduled_at: datetime, *, now: datetime) -> timedelta:
    """How long until then; zero for just now. Raises InvalidTime (422) for what is past or too far ahead."""
    ahead = scheduled_at - now
    if ahead < -JUST_PAST:
        raise InvalidTime(f"{scheduled_at.isoformat()} is in the past")
    if ahead > FARTHEST:
        raise InvalidTime(f"{scheduled_at.isoformat()} is more than {FARTHEST.days} days ahead")
    return max(ahead, timedelta(0))
