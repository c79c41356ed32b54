"""YouTube Shorts: what they take, what YouTube asks for, and how access is renewed. Some apps call it `youtube`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import httpx
from pydantic import SecretStr

from shared.settings import HttpUrl, ServiceSettings
from sns_service.networks.credentials import TokenCredentials
from sns_service.networks.media import MediaRule
from sns_service.networks.network import Network, TokenRefresher
from sns_service.networks.oauth import RefreshTokens
from sns_service.networks.youtube.adapter import TITLE, YouTube

BYTES: Final = 5000


class YouTubeSettings(ServiceSettings):
    """Where it is, and who we are to Google. Without the two last ones, access to YouTube is not renewed."""

    youtube_url: HttpUrl = "https://www.googleapis.com"
    youtube_oauth_url: HttpUrl = "https://oauth2.googleapis.com/token"
    youtube_client_id: SecretStr | None = None
    youtube_client_secret: SecretStr | None = None


def _text_errors(content: str, _media: Sequence[str]) -> Sequence[str]:
    found = []
    title, size = len(content.strip().split("\n", 1)[0].strip()), len(content.encode())
    if title > TITLE:
        found.append(
            f"youtube_shorts accepts a first line (the title) of up to {TITLE} characters; this has {title}"
        )
    if size > BYTES:
        found.append(f"youtube_shorts accepts up to {BYTES} bytes; this has {size}")
    if "<" in content or ">" in content:
        found.append("youtube_shorts does not accept < or >")
    return found


def _token_refresher(http: httpx.AsyncClient, settings: YouTubeSettings) -> TokenRefresher | None:
    if not settings.youtube_client_id or not settings.youtube_client_secret:
        return None
    client = {"client_id": settings.youtube_client_id, "client_secret": settings.youtube_client_secret}
    return RefreshTokens(http, "YouTube", url=settings.youtube_oauth_url, client=client)


YOUTUBE: Final = Network(
    name="youtube_shorts",
    other_name="youtube",
    listed_as="youtube",
    templates={"shorts": MediaRule("video", 1, 1)},
    text_errors=_text_errors,
    credentials=TokenCredentials,
    settings=YouTubeSettings,
    oauth_client=("youtube_client_id", "youtube_client_secret"),
    posts_per_second=2.0,
    adapter=lambda http, settings: YouTube(http, base_url=settings.youtube_url),
    token_refresher=_token_refresher,
)
