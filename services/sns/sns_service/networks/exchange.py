"""What renewing access is, for those who do not speak to networks themselves: an API loads no client for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Protocol

SOON: Final = timedelta(minutes=5)
"""Tokens of an hour or a day are renewed so long before they expire: a post takes less."""
LONG_BEFORE: Final = timedelta(days=10)
"""Instagram renews nothing that has expired, so a token of 60 days leaves time for outages of theirs and of ours."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a network gave. `refresh_token`: a new one, if the one that was sent is no longer valid."""

    access_token: str = field(repr=False)
    expires_in: float | None = None
    refresh_token: str | None = field(default=None, repr=False)


class Exchange(Protocol):
    """One network's way of renewing access."""

    early: timedelta
    """So long before it expires a token is renewed."""

    def can_renew(self, credentials: Mapping[str, str]) -> bool:
        """Whether they hold what it takes."""
        ...

    async def renew(self, credentials: Mapping[str, str]) -> Tokens:
        """Raises LinkAgain where only the user can help, Busy or Unavailable where it may work later."""
        ...
