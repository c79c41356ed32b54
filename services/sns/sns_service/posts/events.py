"""What sns tells of posts."""

from __future__ import annotations

from typing import ClassVar

from shared.events.event import Event


class PostEvent(Event):
    """What each event of a post says."""

    post_id: int
    user_id: int
    account_id: int
    platform: str


class PostPublished(PostEvent):
    """The network has it."""

    type: ClassVar[str] = "post.published"

    network_id: str
    url: str | None


class PostFailed(PostEvent):
    """It will not be tried again by itself; `code` and `reason` say why."""

    type: ClassVar[str] = "post.failed"

    code: str
    reason: str
