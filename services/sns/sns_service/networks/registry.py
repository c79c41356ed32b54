"""Every network that is spoken to, by its name in accounts."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from sns_service.networks.instagram import Instagram
from sns_service.networks.network import Network
from sns_service.networks.tiktok import TikTok
from sns_service.networks.twitter import Twitter
from sns_service.networks.wordpress import WordPress
from sns_service.networks.youtube import YouTube
from sns_service.settings import SnsSettings


def networks_with(http: httpx.AsyncClient, settings: SnsSettings) -> Mapping[str, Network]:
    """The adapters, on one client that the caller closes."""
    return {
        "blog": WordPress(http, default_site=settings.blog_url, encrypted=settings.is_production),
        "instagram": Instagram(http, base_url=settings.instagram_url),
        "tiktok": TikTok(http, base_url=settings.tiktok_url),
        "youtube_shorts": YouTube(http, base_url=settings.youtube_url),
        "twitter": Twitter(http, base_url=settings.twitter_url),
    }
