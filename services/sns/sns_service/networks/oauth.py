"""New access for old: how each network renews an access token, and what it means when it does not."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any, Final

import httpx
from pydantic import SecretStr

from sns_service.networks.exchange import LONG_BEFORE, SOON, Exchange, Tokens
from sns_service.networks.http import UNREADABLE, Caller
from sns_service.networks.instagram_errors import LIMITS, TOKEN_INVALID, limit_seconds
from sns_service.networks.network import Busy, LinkAgain, NetworkError, Unavailable
from sns_service.settings import SnsSettings

logger = logging.getLogger(__name__)

INVALID_GRANT: Final = "invalid_grant"
SPENT_AT_X: Final = "token was invalid"
"""X says `invalid_request` of a refresh token that was spent or withdrawn: only the description tells it apart."""


class RefreshTokens:
    """OAuth 2 as YouTube, TikTok and X speak it. `client` is who we are, under the names that the network uses; `auth`
    says the same by a header, where the network wants it there."""

    early = SOON

    def __init__(
        self,
        http: httpx.AsyncClient,
        name: str,
        *,
        url: str,
        client: Mapping[str, SecretStr],
        auth: httpx.BasicAuth | None = None,
    ) -> None:
        self._name = name
        self._url = url
        self._client = client
        self._auth: dict[str, Any] = {} if auth is None else {"auth": auth}
        self._caller = Caller(http, name, _error, self._reading)

    def can_renew(self, credentials: Mapping[str, str]) -> bool:
        """By a refresh token."""
        return "refresh_token" in credentials

    async def renew(self, credentials: Mapping[str, str]) -> Tokens:
        """Spend the refresh token."""
        form = {name: secret.get_secret_value() for name, secret in self._client.items()}
        form |= {"grant_type": "refresh_token", "refresh_token": credentials["refresh_token"]}
        answer = await self._caller.call("POST", self._url, data=form, **self._auth)
        return self._caller.read(answer, self._tokens)

    def _tokens(self, body: Mapping[str, Any]) -> Tokens:
        if "error" in body:  # TikTok says it with status 200, too
            raise self._meaning(_slug(body["error"]), f"{self._name} answered {_slug(body['error'])}")
        return Tokens(str(body["access_token"]), _seconds(body), _text(body.get("refresh_token")))

    def _reading(self, answer: httpx.Response, said: str) -> NetworkError | None:
        if answer.status_code in {408, 429}:
            return None
        if SPENT_AT_X in _description(answer):
            return _link_again(self._name)
        return self._meaning(_error(answer), said)

    def _meaning(self, error: str, said: str) -> NetworkError:
        if error == INVALID_GRANT:
            return _link_again(self._name)
        logger.error(
            "%s refuses to renew access tokens; check our client id and secret: %s", self._name, said
        )
        return Unavailable(said)  # ours to repair, and the post is to go out when we have


class LongLived:
    """Instagram: a token that has not expired is its own refresh token. It takes no client id."""

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
            return _link_again("Instagram")
        if answer.status_code == 429 or code in LIMITS:
            return Busy(said, retry_after=limit_seconds(answer))
        return Unavailable(said)  # such as a token of less than a day: good, and nothing for the user to do


def _link_again(name: str) -> LinkAgain:
    return LinkAgain(
        f"{name} no longer accepts our access: it has expired or was withdrawn. "
        "Link the account again, then retry the post."
    )


def exchanges_with(http: httpx.AsyncClient, settings: SnsSettings) -> Mapping[str, Exchange]:
    """The networks whose access can be renewed: Instagram, and those for which we have a client id and secret."""
    found: dict[str, Exchange] = {"instagram": LongLived(http, base_url=settings.instagram_url)}
    if settings.tiktok_client_key and settings.tiktok_client_secret:
        client = {"client_key": settings.tiktok_client_key, "client_secret": settings.tiktok_client_secret}
        url = f"{settings.tiktok_url.rstrip('/')}/v2/oauth/token/"
        found["tiktok"] = RefreshTokens(http, "TikTok", url=url, client=client)
    if settings.youtube_client_id and settings.youtube_client_secret:
        client = {"client_id": settings.youtube_client_id, "client_secret": settings.youtube_client_secret}
        found["youtube_shorts"] = RefreshTokens(
            http, "YouTube", url=settings.youtube_oauth_url, client=client
        )
    if settings.twitter_client_id and settings.twitter_client_secret:
        identity = settings.twitter_client_id
        auth = httpx.BasicAuth(identity.get_secret_value(), settings.twitter_client_secret.get_secret_value())
        url = f"{settings.twitter_url.rstrip('/')}/2/oauth2/token"
        found["twitter"] = RefreshTokens(http, "X", url=url, client={"client_id": identity}, auth=auth)
    return found


def _slug(error: Any) -> str:
    """The error's name, and nothing else of what was said: that may repeat a token."""
    return error if isinstance(error, str) and re.fullmatch(r"[a-z_]{1,40}", error) else "an_error"


def _error(answer: httpx.Response) -> str:
    try:
        return _slug(answer.json()["error"])
    except UNREADABLE:  # a proxy's answer, which says nothing about the user
        return ""


def _description(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["error_description"])
    except UNREADABLE:
        return ""


def _code(answer: httpx.Response) -> int:
    try:
        return int(answer.json()["error"]["code"])
    except UNREADABLE:
        return 0


def _seconds(body: Mapping[str, Any]) -> float | None:
    return float(body["expires_in"]) if body.get("expires_in") else None


def _text(value: Any) -> str | None:
    return str(value) if value else None
