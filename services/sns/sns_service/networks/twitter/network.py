"""X, which accounts call `twitter`: what it takes, what it asks for, and how access is renewed.

How long X takes a text to be follows the weights of its library twitter-text (config v3), which no kept Python library
has. A letter of most scripts weighs one, one of Chinese, Japanese and Korean two, an emoji two however it is made up,
and a link 23 however long it is. A link without a scheme is not known here; X has the last word.
"""

from __future__ import annotations

import re
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

LONGEST_TWEET: Final = 280
LINK, EMOJI, HEAVY = 23, 2, 2
LIGHT: Final = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
"""Code points that weigh one."""
_PICTURE: Final = (
    "[\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u27bf\u2934\u2935\u2b05-\u2b55\u3030\u303d"
    "\u3297\u3299\U0001f000-\U0001faff]"
)
_MODIFIERS: Final = "(?:\ufe0f|[\U0001f3fb-\U0001f3ff]|[\U000e0020-\U000e007f])"
_FAMILY: Final = f"{_PICTURE}{_MODIFIERS}*(?:\u200d{_PICTURE}{_MODIFIERS}*)*"
_EMOJI: Final = f"[\U0001f1e6-\U0001f1ff]{{2}}|[0-9#*]\ufe0f?\u20e3|{_FAMILY}"
_ATOMS: Final = re.compile(rf"(?P<link>https?://[^\s]+)|(?P<emoji>{_EMOJI})", re.IGNORECASE)


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


def tweet_length(text: str) -> int:
    """The weight of a composed (NFC) text."""
    total = at = 0
    for atom in _ATOMS.finditer(text):
        total += sum(map(_weight, text[at : atom.start()])) + (LINK if atom["link"] else EMOJI)
        at = atom.end()
    return total + sum(map(_weight, text[at:]))


def _weight(letter: str) -> int:
    return 1 if any(first <= ord(letter) <= last for first, last in LIGHT) else HEAVY
