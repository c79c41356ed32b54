"""What all networks say about a post in the same way: pictures and videos by their endings, and titles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final, Literal
from urllib.parse import urlsplit

MediaKind = Literal["image", "video"]


@dataclass(frozen=True, slots=True)
class MediaRule:
    """How many pictures or videos a network takes with a template. `needed`: it takes none without.

    `instead`: what it takes in their place, never together with them.
    """

    kind: MediaKind
    min: int
    max: int
    needed: bool = True
    instead: MediaRule | None = None

    def of(self, kind: MediaKind) -> MediaRule | None:
        """The rule for media of this kind; None: there is no place for such."""
        if kind == self.kind:
            return self
        return self.instead if self.instead is not None and self.instead.kind == kind else None

    def __str__(self) -> str:
        count = f"{self.max}" if self.min == self.max else f"{self.min} to {self.max}"
        plural = "" if self.max == 1 else "s"
        return f"{count} {self.kind}{plural}" + (f" or {self.instead}" if self.instead else "")


VIDEOS: Final = frozenset({".mp4", ".mov", ".webm", ".m4v"})
PICTURES: Final = frozenset(
    {".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".heic", ".avif", ".svg"}
)


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
    return "video" if file_ending(url) in VIDEOS else "image"


def file_ending(url: str) -> str:
    """In small letters and with its dot; empty where the address has none."""
    return PurePosixPath(urlsplit(url).path).suffix.lower()
