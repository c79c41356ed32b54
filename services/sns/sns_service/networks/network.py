"""The interface that every network stands behind, and what can come of asking one.

NetworkError
 +- Refused         it will not take this, now or later; nothing was published by this call
 |   +- FailedThere  it had taken the post, and says that publishing it failed for good
 |   +- LinkAgain    access was withdrawn, or has expired for good; only the user can give it again
 |   +- TokenRejected  it does not know the access token (401); with a new one the call may be repeated
 +- Busy            it asks us to wait (429); nothing was published
 +- Unavailable     it could not be asked, or not far enough; nothing was published
 +- NoAnswer        it was asked to publish and did not say whether it has; it must be looked up
 +- CannotTell      it was looked up, and the network offers no way to know
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


class NetworkError(Exception):
    """The text is shown to the post's author."""


class Refused(NetworkError):
    """`code` is stable, such as `credentials_rejected`."""

    def __init__(self, reason: str, *, code: str = "refused") -> None:
        self.code = code
        super().__init__(reason)


class FailedThere(Refused):
    """Nothing was published, and nothing will be."""


class LinkAgain(Refused):
    """The text tells the author to link the account again."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, code="credentials_rejected")


class TokenRejected(Refused):
    """Nothing was done: it is a definite no."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, code="credentials_rejected")


class Busy(NetworkError):
    """`retry_after` is in seconds."""

    def __init__(self, reason: str, *, retry_after: float) -> None:
        self.retry_after = retry_after
        super().__init__(reason)


class Unavailable(NetworkError):
    """Nothing was published."""


class NoAnswer(NetworkError):
    """It may have been published."""


class CannotTell(NetworkError):
    """Nobody but the author can know."""


async def _forget(_progress: Mapping[str, Any]) -> None:
    """For who keeps nothing."""


@dataclass
class Publication:
    """One post on its way. `note` keeps ids of the network, before anything rests on them."""

    token: str
    """Names the post, always the same, in small letters and digits."""
    content: str
    template: str
    media: Sequence[str]
    credentials: Mapping[str, str] = field(repr=False)
    progress: dict[str, Any] = field(default_factory=dict)
    note: Callable[[Mapping[str, Any]], Awaitable[None]] = field(default=_forget, repr=False)

    async def keep(self, **ids: Any) -> None:
        """Write down ids of the network. Raises what `note` raises where a newer attempt has taken over."""
        self.progress.update(ids)
        await self.note(ids)


@dataclass(frozen=True, slots=True)
class Published:
    """The post's id at the network (empty where it does not say), and where people see it."""

    id: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Metrics:
    """What people did with a post. Engagement is likes, comments and shares together."""

    views: int = 0
    likes: int = 0
    comments: int = 0
    shares: int = 0


class Network(Protocol):
    """One network."""

    async def publish(self, work: Publication) -> Published:
        """Publish, going on from `work.progress`. Raises NetworkError."""
        ...

    async def find(self, work: Publication) -> Published | None:
        """What became of an attempt without an outcome; None: the network does not have it.

        Raises FailedThere, CannotTell, or another NetworkError where it could not be asked.
        """
        ...

    async def measure(self, credentials: Mapping[str, str], network_id: str) -> Metrics | None:
        """The counts of a published post; None where it is gone. Raises NetworkError."""
        ...
