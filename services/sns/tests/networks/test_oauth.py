"""What the networks' answers mean to who renews access."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from fakes.networks.client import Fakes
from sns_service.networks.errors import Busy, LinkAgain, NetworkError, Unavailable
from sns_service.networks.instagram.network import LongLivedTokens
from sns_service.networks.network import TokenRefresher, Tokens
from sns_service.networks.registry import token_refreshers_with
from sns_service.settings import SnsSettings

CREDENTIALS = {"access_token": "a-plugh", "refresh_token": "r-xyzzy"}
NETWORK = {"instagram": "instagram", "tiktok": "tiktok", "youtube_shorts": "youtube", "twitter": "twitter"}


@pytest.fixture
def exchanges(settings: SnsSettings, client: httpx.AsyncClient) -> Mapping[str, TokenRefresher]:
    return token_refreshers_with(client, settings)


GOOGLE_SAYS = {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
X_SAYS = {"error": "invalid_request", "error_description": "Value passed for the token was invalid."}
META_SAYS = {"error": {"message": "Error validating access token", "code": 190}}


@pytest.mark.parametrize(
    ("platform", "status", "body", "meaning"),
    [
        ("youtube_shorts", 400, GOOGLE_SAYS, LinkAgain),
        ("youtube_shorts", 401, {"error": "invalid_client"}, Unavailable),
        ("youtube_shorts", 400, {"odd": True}, Unavailable),
        ("youtube_shorts", 403, {"error": {"code": 403}}, Unavailable),
        ("youtube_shorts", 429, {"error": "rate_limited"}, Busy),
        ("youtube_shorts", 500, {"error": "invalid_grant"}, Unavailable),
        ("youtube_shorts", 200, {"odd": True}, Unavailable),
        ("tiktok", 400, {"error": "invalid_grant", "log_id": "1"}, LinkAgain),
        ("tiktok", 200, {"error": "invalid_grant", "log_id": "1"}, LinkAgain),
        ("tiktok", 200, {"error": "invalid_client", "log_id": "1"}, Unavailable),
        ("twitter", 400, X_SAYS, LinkAgain),
        ("twitter", 400, {"error": "invalid_request", "error_description": "Missing parameter"}, Unavailable),
        ("twitter", 401, {"error": "unauthorized_client", "error_description": "x"}, Unavailable),
        ("twitter", 429, {"title": "Too Many Requests"}, Busy),
        ("twitter", 503, {"title": "Service Unavailable"}, Unavailable),
        ("instagram", 400, META_SAYS, LinkAgain),
        ("instagram", 400, {"error": {"message": "Not 24 hours old", "code": 100}}, Unavailable),
        ("instagram", 400, {"error": {"message": "Limit", "code": 4}}, Busy),
        ("instagram", 404, {"odd": True}, Unavailable),
        ("instagram", 502, {"odd": True}, Unavailable),
    ],
)
async def test_only_what_the_user_can_help_asks_them_to(
    exchanges: Mapping[str, TokenRefresher],
    fakes: Fakes,
    platform: str,
    status: int,
    body: dict[str, Any],
    meaning: type[NetworkError],
) -> None:
    await fakes.fault(NETWORK[platform], "status", status=status, body=body)
    with pytest.raises(NetworkError) as caught:
        await exchanges[platform].renew(CREDENTIALS)
    assert type(caught.value) is meaning


@pytest.mark.parametrize("platform", ["tiktok", "youtube_shorts", "twitter"])
async def test_what_a_network_says_of_a_token_is_not_repeated(
    exchanges: Mapping[str, TokenRefresher], fakes: Fakes, platform: str
) -> None:
    with pytest.raises(LinkAgain) as caught:
        await exchanges[platform].renew({"refresh_token": "revoked-xyzzy"})
    assert "xyzzy" not in str(caught.value)
    for error, named in (("server_error", "server_error"), ("r-xyzzy", "400"), ({"at": "r-xyzzy"}, "400")):
        body = {"error": error, "error_description": "r-xyzzy"}
        await fakes.fault(NETWORK[platform], "status", status=400, body=body)
        with pytest.raises(Unavailable, match=named) as unavailable:
            await exchanges[platform].renew(CREDENTIALS)
        assert "xyzzy" not in str(unavailable.value)
    assert "xyzzy" not in repr(Tokens("a-xyzzy", refresh_token="r-xyzzy"))


async def test_instagram_renews_beside_its_versions() -> None:
    asked: list[httpx.URL] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        body = b'{"access_token": "new", "expires_in": 5183944}'
        return httpx.Response(200, stream=httpx.ByteStream(body))

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        tokens = await LongLivedTokens(http, base_url="https://graph.test/v23.0").renew(CREDENTIALS)
    assert (tokens.access_token, tokens.expires_in, tokens.refresh_token) == ("new", 5183944, None)
    assert str(asked[0]) == (
        "https://graph.test/refresh_access_token?grant_type=ig_refresh_token&access_token=a-plugh"
    )


def test_who_has_no_refresh_token_is_not_renewed(exchanges: Mapping[str, TokenRefresher]) -> None:
    for platform in ("tiktok", "youtube_shorts", "twitter"):
        assert not exchanges[platform].can_renew({"access_token": "a"})
    assert not exchanges["instagram"].can_renew({"access_token": "a", "user_id": "u"})
