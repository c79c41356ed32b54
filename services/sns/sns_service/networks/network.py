"""What a social network is to this service: one declared `Network`, and what its parts have in common.

Everything that is particular to a network stands in its own file or folder; `registry.py` collects them, and the rest
of the service asks the registry.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Generic, Protocol, TypeVar

import httpx

from shared.schemas.types import StrictRequest
from shared.settings import ServiceSettings
from sns_service.networks.media import MediaKind, MediaRule

S = TypeVar("S", bound=ServiceSettings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Network(Generic[S]):
    """One network: what it takes, how we get in, and how it is spoken to. `S` is the settings that it adds."""

    name: str
    """In accounts, settings, rates and events."""
    other_name: str | None = None
    """By which apps link accounts, too."""
    listed_as: str | None
    """Its name in the list of templates that the apps read; None: it is not in there."""
    templates: Mapping[str, MediaRule]
    """The templates that it has, and the media that each of them takes."""
    endings: Mapping[MediaKind, frozenset[str]] = field(default_factory=dict)
    """Where it takes some files only; an address without a known ending is left to the network."""
    text_errors: Callable[[str, Sequence[str]], Sequence[str]]
    """For what it would refuse the text, beside these media."""
    credentials: type[StrictRequest]
    """What a user gives us to publish there."""
    settings: type[S]
    oauth_client: tuple[str, str] | None = None
    """The two settings that say who we are to it. Without them access is not renewed."""
    posts_per_second: float
    """Of all workers together, unless NETWORK_RATES says another."""
    adapter: Callable[[httpx.AsyncClient, S], Adapter]
    token_refresher: Callable[[httpx.AsyncClient, S], TokenRefresher | None] | None = None
    """None: its credentials do not expire. It gives None where settings are missing."""
    refresh_unused: timedelta | None = None
    """So long before it expires access is renewed even if nobody uses it; None: it can be renewed later."""


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


class Adapter(Protocol):
    """Publishes at one network, for all of its accounts."""

    async def publish(self, work: Publication) -> Published:
        """Publish, going on from `work.progress`. Raises NetworkError."""
        ...

    async def find(self, work: Publication) -> Published | None:
        """What became of an attempt without an outcome; None: the network does not have it.

        Raises FailedThere, CannotTell, Working, or another NetworkError where it could not be asked.
        """
        ...

    async def measure(self, credentials: Mapping[str, str], network_id: str) -> Metrics | None:
        """The counts of a published post; None where it is gone. Raises NetworkError."""
        ...


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a network gave. `refresh_token`: a new one, if the one that was sent is no longer valid."""

    access_token: str = field(repr=False)
    expires_in: float | None = None
    refresh_token: str | None = field(default=None, repr=False)


class TokenRefresher(Protocol):
    """Renews access tokens at one network."""

    early: timedelta
    """So long before it expires a token is renewed."""

    def can_renew(self, credentials: Mapping[str, str]) -> bool:
        """Whether they hold what it takes."""
        ...

    async def renew(self, credentials: Mapping[str, str]) -> Tokens:
        """Raises LinkAgain where only the user can help, Busy or Unavailable where it may work later."""
        ...
