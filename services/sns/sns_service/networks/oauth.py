"""OAuth 2: how an access token is renewed by a refresh token, and what it means when it is not."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import httpx
from pydantic import SecretStr

from sns_service.networks.errors import LinkAgain, NetworkError, Unavailable
from sns_service.networks.http import UNREADABLE, Caller
from sns_service.networks.network import Tokens

logger = logging.getLogger(__name__)

SOON: Final = timedelta(minutes=5)
"""Tokens of an hour or a day are renewed so long before they expire: a post takes less."""
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
            return link_again(self._name)
        return self._meaning(_error(answer), said)

    def _meaning(self, error: str, said: str) -> NetworkError:
        if error == INVALID_GRANT:
            return link_again(self._name)
        logger.error(
            "%s refuses to renew access tokens; check our client id and secret: %s", self._name, said
        )
        return Unavailable(said)  # ours to repair, and the post is to go out when we have


def link_again(name: str) -> LinkAgain:
    """What the author reads where a network has withdrawn our access."""
    return LinkAgain(
        f"{name} no longer accepts our access: it has expired or was withdrawn. "
        "Link the account again, then retry the post."
    )


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


def _seconds(body: Mapping[str, Any]) -> float | None:
    return float(body["expires_in"]) if body.get("expires_in") else None


def _text(value: Any) -> str | None:
    return str(value) if value else None
