"""What networks are called: by us, and by the apps that link accounts."""

from __future__ import annotations

from typing import Final, Literal

Platform = Literal["instagram", "blog", "tiktok", "youtube_shorts", "twitter"]
"""A network, as everything inside names it: adapters, settings, rates, events."""
PlatformName = Literal["instagram", "blog", "tiktok", "youtube_shorts", "twitter", "youtube"]
"""What an app may say, and is answered with: its own spelling."""
SPELLINGS: Final[dict[str, Platform]] = {"youtube": "youtube_shorts"}
"""Other names of a network."""
AS_LINKED: Final = "coalesce(a.linked_as, a.platform)"
"""In SQL, of `accounts AS a`: the name that its app gave."""


def network_of(name: str) -> str:
    """The network that is meant."""
    return SPELLINGS.get(name, name)
