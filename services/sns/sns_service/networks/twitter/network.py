"""X, which accounts call `twitter`: what it takes, what it asks for, and how access is renewed."""

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
from sns_service.networks.twitter.adapter import Twitter
from sns_service.networks.twitter.tweet_length import LONGEST_TWEET, tweet_length


class TwitterSettings(ServiceSettings):
    """Where it is, and who we are to X. Without the two last ones, access to X is not renewed."""

    twitter_url: HttpUrl = "https://api.x.com"
    twitter_client_id: SecretStr | None = None
    twitter_client_secret: SecretStr | None = None


def _text_errors(content: str, _media: Sequence[str]) -> Sequence[str]:
    length = tweet_length(content)
    if length <= LONGEST_TWEET:
        return []
    counted = f"this has {length} (as X counts: Korean and emoji are two each, a link is 23)"
    return [f"twitter accepts up to {LONGEST_TWEET} characters; {counted}"]


def _token_refresher(http: httpx.AsyncClient, settings: TwitterSettings) -> TokenRefresher | None:
    identity, secret = settings.twitter_client_id, settings.twitter_client_secret
    if not identity or not secret:
        return None
    auth = httpx.BasicAuth(identity.get_secret_value(), secret.get_secret_value())
    url = f"{settings.twitter_url.rstrip('/')}/2/oauth2/token"
    return RefreshTokens(http, "X", url=url, client={"client_id": identity}, auth=auth)


TWITTER: Final = Network(
    name="twitter",
    listed_as=None,
    templates={
        "card_news": MediaRule("image", 0, 4, needed=False),
        "blog_post": MediaRule("image", 0, 4, needed=False),
        "carousel": MediaRule("image", 2, 4),
    },
    endings={"image": frozenset({".jpg", ".jpeg", ".png", ".webp"})},
    text_errors=_text_errors,
    credentials=TokenCredentials,
    settings=TwitterSettings,
    oauth_client=("twitter_client_id", "twitter_client_secret"),
    posts_per_second=5.0,
    adapter=lambda http, settings: Twitter(http, base_url=settings.twitter_url),
    token_refresher=_token_refresher,
)
