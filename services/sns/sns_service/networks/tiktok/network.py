"""TikTok: what it takes, what it asks for, and how access is renewed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import httpx
from pydantic import SecretStr

from shared.settings import HttpUrl, ServiceSettings
from sns_service.networks.credentials import TokenCredentials
from sns_service.networks.media import MediaKind, MediaRule, media_kind, utf16_length
from sns_service.networks.network import Network, TokenRefresher
from sns_service.networks.oauth import RefreshTokens
from sns_service.networks.tiktok.adapter import TikTok

CHARACTERS: Final[dict[MediaKind, int]] = {"image": 4000, "video": 2200}
"""Of a text beside pictures, and of one beside a video. TikTok counts as UTF-16 does: an emoji is two."""


class TikTokSettings(ServiceSettings):
    """Where it is, and who we are to it. Without the two last ones, access to TikTok is not renewed."""

    tiktok_url: HttpUrl = "https://open.tiktokapis.com"
    tiktok_client_key: SecretStr | None = None
    tiktok_client_secret: SecretStr | None = None


def _text_errors(content: str, media: Sequence[str]) -> Sequence[str]:
    kind: MediaKind = media_kind(media[0]) if media else "image"
    longest, length = CHARACTERS[kind], utf16_length(content)
    if length <= longest:
        return []
    beside = " with a video" if kind == "video" else ""
    return [f"tiktok accepts up to {longest} characters{beside}; this has {length}"]


def _token_refresher(http: httpx.AsyncClient, settings: TikTokSettings) -> TokenRefresher | None:
    if not settings.tiktok_client_key or not settings.tiktok_client_secret:
        return None
    client = {"client_key": settings.tiktok_client_key, "client_secret": settings.tiktok_client_secret}
    url = f"{settings.tiktok_url.rstrip('/')}/v2/oauth/token/"
    return RefreshTokens(http, "TikTok", url=url, client=client)


TIKTOK: Final = Network(
    name="tiktok",
    listed_as="tiktok",
    templates={"card_news": MediaRule("image", 1, 35, instead=MediaRule("video", 1, 1))},
    endings={
        "image": frozenset({".jpg", ".jpeg", ".webp"}),
        "video": frozenset({".mp4", ".mov", ".webm"}),
    },
    text_errors=_text_errors,
    credentials=TokenCredentials,
    settings=TikTokSettings,
    oauth_client=("tiktok_client_key", "tiktok_client_secret"),
    posts_per_second=5.0,
    adapter=lambda http, settings: TikTok(http, base_url=settings.tiktok_url),
    token_refresher=_token_refresher,
)
