"""The templates that posts are made with, and what each network allows of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from shared.schemas.json import dumps

TemplateType = Literal["card_news", "blog_post", "reel", "shorts", "carousel"]
MediaKind = Literal["image", "video"]

TEMPLATES: Final = {
    "card_news": {"name": "Card News", "platforms": ["instagram", "tiktok"]},
    "blog_post": {"name": "Blog Post", "platforms": ["blog"]},
    "reel": {"name": "Reel", "platforms": ["instagram"]},
    "shorts": {"name": "YouTube Shorts", "platforms": ["youtube"]},
    "carousel": {"name": "Carousel", "platforms": ["instagram"]},
}
"""As clients read it; there YouTube Shorts are called `youtube`, and accounts say `youtube_shorts`."""
TEMPLATES_JSON: Final = dumps(TEMPLATES)


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


MEDIA: Final[dict[tuple[str, str], MediaRule]] = {
    ("instagram", "card_news"): MediaRule("image", 1, 10),
    ("instagram", "carousel"): MediaRule("image", 2, 10),
    ("instagram", "reel"): MediaRule("video", 1, 1),
    ("tiktok", "card_news"): MediaRule("image", 1, 35, instead=MediaRule("video", 1, 1)),
    ("youtube_shorts", "shorts"): MediaRule("video", 1, 1),
    ("blog", "blog_post"): MediaRule("image", 0, 20, needed=False),
    ("twitter", "card_news"): MediaRule("image", 0, 4, needed=False),
    ("twitter", "blog_post"): MediaRule("image", 0, 4, needed=False),
    ("twitter", "carousel"): MediaRule("image", 2, 4),
}
"""Which templates a network has, and the media each of them takes."""


def templates_of(platform: str) -> list[str]:
    """The templates that a network has."""
    return [template for network, template in MEDIA if network == platform]
