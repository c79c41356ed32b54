"""Instagram: what it takes, what it asks for, and how access is renewed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

import httpx

from shared.schemas.dates import Timestamp
from shared.schemas.types import StrictRequest
from shared.settings import HttpUrl, ServiceSettings
from sns_service.networks.credentials import Token, UserId
from sns_service.networks.errors import Busy, NetworkError, Unavailable
from sns_service.networks.http import UNREADABLE, Caller
from sns_service.networks.instagram.adapter import Instagram
from sns_service.networks.instagram.answers import LIMITS, TOKEN_INVALID, limit_seconds
from sns_service.networks.media import MediaRule
from sns_service.networks.network import Network, Tokens
from sns_service.networks.oauth import link_again

CHARACTERS: Final = 2200
COUNTED: Final = (("hashtags", re.compile(r"#[^\s#]"), 30), ("mentions", re.compile(r"(?<!\w)@\w"), 20))
LONG_BEFORE: Final = timedelta(days=10)
"""Instagram renews nothing that has expired, so a token of 60 days leaves time for outages of theirs and of ours."""


class InstagramSettings(ServiceSettings):
    """Where it is."""

    instagram_url: HttpUrl = "https://graph.instagram.com/v23.0"


class InstagramCredentials(StrictRequest):
    """A long-lived token, and the professional account's id. With `expires_at` the token is renewed in time."""

    access_token: Token
    user_id: UserId
    expires_at: Timestamp | None = None


class LongLivedTokens:
    """A token that has not expired is its own refresh token. It takes no client id."""

    early = LONG_BEFORE

    def __init__(self, http: httpx.AsyncClient, *, base_url: str) -> None:
        self._caller = Caller(http, "Instagram", lambda answer: f"error {_code(answer)}", self._reading)
        # The only endpoint beside the versioned ones.
        self._url = f"{re.sub(r'/v[0-9.]+$', '', base_url.rstrip('/'))}/refresh_access_token"

    def can_renew(self, credentials: Mapping[str, str]) -> bool:
        """Where it is known when it expires: it must be done before."""
        return "expires_at" in credentials

    async def renew(self, credentials: Mapping[str, str]) -> Tokens:
        """Sixty more days."""
        wanted = {"grant_type": "ig_refresh_token", "access_token": credentials["access_token"]}
        answer = await self._caller.call("GET", self._url, params=wanted)
        return self._caller.read(
            answer, lambda body: Tokens(str(body["access_token"]), float(body["expires_in"]))
        )

    @staticmethod
    def _reading(answer: httpx.Response, said: str) -> NetworkError | None:
        code = _code(answer)
        if code == TOKEN_INVALID:
            return link_again("Instagram")
        if answer.status_code == 429 or code in LIMITS:
            return Busy(said, retry_after=limit_seconds(answer))
        return Unavailable(said)  # such as a token of less than a day: good, and nothing for the user to do


def _code(answer: httpx.Response) -> int:
    try:
        return int(answer.json()["error"]["code"])
    except UNREADABLE:
        return 0


def _text_errors(content: str, _media: Sequence[str]) -> Sequence[str]:
    found = []
    if len(content) > CHARACTERS:
        found.append(f"instagram accepts up to {CHARACTERS} characters; this has {len(content)}")
    for name, sign, most in COUNTED:
        count = len(sign.findall(content))
        if count > most:
            found.append(f"instagram accepts up to {most} {name}; this has {count}")
    return found


INSTAGRAM: Final = Network(
    name="instagram",
    listed_as="instagram",
    templates={
        "card_news": MediaRule("image", 1, 10),
        "carousel": MediaRule("image", 2, 10),
        "reel": MediaRule("video", 1, 1),
    },
    endings={"image": frozenset({".jpg", ".jpeg"}), "video": frozenset({".mp4", ".mov"})},
    text_errors=_text_errors,
    credentials=InstagramCredentials,
    settings=InstagramSettings,
    posts_per_second=20.0,
    adapter=lambda http, settings: Instagram(http, base_url=settings.instagram_url),
    token_refresher=lambda http, settings: LongLivedTokens(http, base_url=settings.instagram_url),
    refresh_unused=LONG_BEFORE,
)
