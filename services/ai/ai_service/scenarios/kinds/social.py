"""Writing posts for social networks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ai_service.scenarios.kinds.kind import Given, Kind, Line, Result, Unfit
from shared.schemas.text import Text
from shared.schemas.types import PlainNumber


class SocialInput(Given):
    """What to write about, and for whom."""

    topic: Annotated[str, Text(1, 2000)]
    platform: Literal["instagram", "blog", "tiktok", "youtube_shorts"] = "instagram"
    audience: Line | None = None
    language: Annotated[str, Text(2, 30)] = "Korean"
    posts: Annotated[int, Field(ge=1, le=5), PlainNumber] = 1


class Post(Result):
    """One post, without its hashtags in the text."""

    text: Annotated[str, Text(1, 4000)]
    hashtags: Annotated[list[Annotated[str, Text(1, 50)]], Field(max_length=15)]


class SocialOutput(Result):
    """As many posts as were asked for."""

    posts: Annotated[list[Post], Field(min_length=1, max_length=5)]


def _offline(given: SocialInput) -> SocialOutput:
    tag = "".join(character for character in given.topic if character.isalnum())[:30] or "news"
    return SocialOutput(
        posts=[
            Post(text=f"{given.topic} ({number}/{given.posts})", hashtags=[tag])
            for number in range(1, given.posts + 1)
        ]
    )


def _check(given: SocialInput, result: SocialOutput) -> None:
    if len(result.posts) != given.posts:
        raise Unfit(f"posts: {given.posts} were requested, not {len(result.posts)}")


SOCIAL = Kind(
    name="social",
    instructions=(
        "You write posts for social networks. Write exactly as many posts as the input asks for, in its language, for"
        " its platform and audience, each different from the others. Hashtags go into their own field, without the #."
        " Claim nothing about the product that the topic does not say."
    ),
    input=SocialInput,
    output=SocialOutput,
    max_output_tokens=4000,
    hours=2,
    offline=_offline,
    check=_check,
)
