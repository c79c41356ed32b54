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
    """A post was published at its network."""

    type: ClassVar[str] = "post.published"

    network_id: str
    url: str | None


class PostFailed(PostEvent):
    """A post failed for good and is not retried automatically; `code` and `reason` say why."""

    type: ClassVar[str] = "post.failed"

    code: str
    reason: str
