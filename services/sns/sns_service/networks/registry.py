"""Every network that there is, by its name; nothing else in the service knows one of them by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, Self

import httpx
from pydantic import model_validator

from shared.settings import ServiceSettings
from sns_service.networks.instagram.network import INSTAGRAM, InstagramSettings
from sns_service.networks.network import Adapter, Network, TokenRefresher
from sns_service.networks.tiktok.network import TIKTOK, TikTokSettings
from sns_service.networks.twitter.network import TWITTER, TwitterSettings
from sns_service.networks.wordpress import BLOG, BlogSettings
from sns_service.networks.youtube.network import YOUTUBE, YouTubeSettings

NETWORKS: Final[tuple[Network[Any], ...]] = (INSTAGRAM, BLOG, TIKTOK, YOUTUBE, TWITTER)
NETWORK_NAMES: Final = tuple(network.name for network in NETWORKS)
OTHER_NAMES: Final = {network.other_name: network.name for network in NETWORKS if network.other_name}
_BY_NAME: Final = {network.name: network for network in NETWORKS}

if TYPE_CHECKING:
    PlatformName = str
else:
    PlatformName = Literal[(*NETWORK_NAMES, *OTHER_NAMES)]
"""What an app may call a network, and is answered with: its own spelling."""


class NetworkSettings(
    InstagramSettings, BlogSettings, TikTokSettings, YouTubeSettings, TwitterSettings, ServiceSettings
):
    """What the networks are told by the environment."""

    def unsafe_in_production(self) -> list[str]:
        """Also refuses networks that are spoken to in the clear, such as the fakes of tests."""
        clear = [
            f"{name.upper()}: must be https"
            for network in NETWORKS
            for name in network.settings.model_fields.keys() - ServiceSettings.model_fields.keys()
            if name.endswith("_url") and (url := getattr(self, name)) and not url.startswith("https://")
        ]
        return super().unsafe_in_production() + sorted(clear)

    @model_validator(mode="after")
    def _knows_both_or_neither(self) -> Self:
        for network in NETWORKS:
            if network.oauth_client is None:
                continue
            one, other = network.oauth_client
            if (getattr(self, one) is None) != (getattr(self, other) is None):
                raise ValueError(f"{one.upper()} and {other.upper()}: set both or neither")
        return self


def network_of(name: str) -> str:
    """The name that everything inside uses, of one that an app uses."""
    return OTHER_NAMES.get(name, name)


def network_named(name: str) -> Network[Any]:
    """The network that accounts call so."""
    return _BY_NAME[name]


def adapters_with(http: httpx.AsyncClient, settings: NetworkSettings) -> Mapping[str, Adapter]:
    """How each network is spoken to, on one client that the caller closes."""
    return {network.name: network.adapter(http, settings) for network in NETWORKS}


def token_refreshers_with(http: httpx.AsyncClient, settings: NetworkSettings) -> Mapping[str, TokenRefresher]:
    """The networks whose access can be renewed: where that takes a client id and secret, only if we have them."""
    made = {
        network.name: network.token_refresher(http, settings)
        for network in NETWORKS
        if network.token_refresher is not None
    }
    return {name: refresher for name, refresher in made.items() if refresher is not None}
