"""TikTok's error codes, which it says with any status, and the reasons for which a publication failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from fakes.networks.client import Fakes
from services.sns.tests.networks.kit import CREDENTIALS, work
from sns_service.networks.errors import (
    Busy,
    FailedThere,
    NetworkError,
    NoAnswer,
    Refused,
    TokenRejected,
    Unavailable,
)
from sns_service.networks.network import Adapter

INIT, CREATOR = "/init/", "/creator_info/query/"
CODES = [
    (401, "access_token_invalid", TokenRejected, "credentials_rejected", "access_token_invalid"),
    (401, "scope_not_authorized", Refused, "credentials_rejected", "Link the account again"),
    (401, "scope_permission_missed", Refused, "credentials_rejected", "Link the account again"),
    (403, "url_ownership_unverified", Refused, "media_refused", "verified for our app"),
    (403, "spam_risk_user_banned_from_posting", Refused, "refused", "banned"),
    (403, "unaudited_client_can_only_post_to_private_accounts", Refused, "refused", "operator"),
    (403, "privacy_level_option_mismatch", Refused, "refused", "privacy settings"),
    (403, "spam_risk_something_new", Refused, "refused", "spam_risk_something_new"),
    (400, "invalid_params", Refused, "refused", "invalid_params"),
    (400, "invalid_param", Refused, "refused", "invalid_param"),
    (400, "invalid_file_upload", Refused, "refused", "invalid_file_upload"),
    (429, "rate_limit_exceeded", Busy, None, "rate_limit_exceeded"),
    (403, "spam_risk_too_many_posts", Busy, None, "as much today"),
    (403, "spam_risk_too_many_pending_share", Busy, None, "waiting at TikTok"),
    (403, "reached_active_user_cap", Busy, None, "no more accounts"),
]


async def refusal(
    networks: Mapping[str, Adapter], url: str, fakes: Fakes, code: str, **fault: Any
) -> NetworkError:
    """What comes of a post where TikTok says this."""
    body = {"data": {}, "error": {"code": code, "message": "the details", "log_id": "1"}}
    await fakes.fault("tiktok", "status", body=body, **fault)
    with pytest.raises(NetworkError) as caught:
        await networks["tiktok"].publish(work(url, "card_news", "card.jpg"))
    assert await fakes.posts() == []
    return caught.value


@pytest.mark.parametrize("path", [INIT, CREATOR])
@pytest.mark.parametrize("in_success", [False, True])
@pytest.mark.parametrize(("status", "said", "kind", "code", "text"), CODES, ids=[one[1] for one in CODES])
async def test_a_code_of_tiktok_means_the_same_with_every_status(
    networks: Mapping[str, Adapter],
    networks_url: str,
    fakes: Fakes,
    path: str,
    in_success: bool,
    status: int,
    said: str,
    kind: type[NetworkError],
    code: str | None,
    text: str,
) -> None:
    answered = 200 if in_success else status
    error = await refusal(networks, networks_url, fakes, said, path=path, status=answered)
    assert (type(error), getattr(error, "code", None), error.may_be_public) == (kind, code, False)
    assert text in str(error)
    assert "the details" in str(error)


@pytest.mark.parametrize("status", [200, 400, 500])
async def test_an_internal_error_of_tiktok_leaves_open_whether_it_has_begun(
    networks: Mapping[str, Adapter], networks_url: str, fakes: Fakes, status: int
) -> None:
    for path, kind in ((CREATOR, Unavailable), (INIT, NoAnswer)):
        error = await refusal(networks, networks_url, fakes, "internal_error", path=path, status=status)
        assert type(error) is kind


@pytest.mark.parametrize("status", [200, 403, 429])
@pytest.mark.parametrize(
    ("code", "retry_after", "seconds"),
    [
        ("rate_limit_exceeded", None, 60),
        ("rate_limit_exceeded", "7", 7),
        ("spam_risk_too_many_posts", None, 3600),
        ("spam_risk_too_many_posts", "7", 3600),
        ("spam_risk_too_many_pending_share", None, 3600),
        ("reached_active_user_cap", "7200", 7200),
    ],
)
async def test_the_limits_of_a_minute_and_those_of_a_day_are_waited_for(
    networks: Mapping[str, Adapter],
    networks_url: str,
    fakes: Fakes,
    status: int,
    code: str,
    retry_after: str | None,
    seconds: float,
) -> None:
    error = await refusal(networks, networks_url, fakes, code, status=status, retry_after=retry_after)
    assert isinstance(error, Busy)
    assert error.retry_after == seconds


async def test_a_long_complaint_is_cut_and_tells_no_secret(
    networks: Mapping[str, Adapter], networks_url: str, fakes: Fakes
) -> None:
    secret = f"access_token=abc123 {'x' * 1000}"
    body = {"error": {"code": "invalid_params", "message": secret}}
    await fakes.fault("tiktok", "status", status=200, body=body)
    with pytest.raises(Refused) as caught:
        await networks["tiktok"].publish(work(networks_url, "x", "card.jpg", credentials=CREDENTIALS))
    assert len(str(caught.value)) <= 400
    assert "abc123" not in str(caught.value)


@pytest.mark.parametrize(
    ("reason", "again", "code"),
    [
        ("internal", True, "refused"),
        ("video_pull_failed", True, "media_refused"),
        ("photo_pull_failed", True, "media_refused"),
        ("picture_size_check_failed", False, "media_refused"),
        ("auth_removed", False, "credentials_rejected"),
        ("spam_risk", False, "refused"),
        ("spam_risk_text", False, "refused"),
        ("spam_risk_too_many_posts", False, "refused"),
        ("something_new", False, "refused"),
    ],
)
async def test_what_failed_at_tiktok_is_begun_anew_only_where_that_may_help(
    networks: Mapping[str, Adapter], networks_url: str, fakes: Fakes, reason: str, again: bool, code: str
) -> None:
    tiktok, card = networks["tiktok"], work(networks_url, "card_news", "card.jpg")
    await fakes.set(fail_reasons=[reason])
    for call in (tiktok.publish, tiktok.find):
        with pytest.raises(FailedThere, match=reason) as caught:
            await call(card)
        assert (caught.value.again, caught.value.code) == (again, code)
        assert not caught.value.may_be_public
    card.progress.clear()
    assert (await tiktok.publish(card)).id


async def test_spam_is_told_in_words(
    networks: Mapping[str, Adapter], networks_url: str, fakes: Fakes
) -> None:
    for reason, text in (
        ("spam_risk_text", "takes the text for spam"),
        ("spam_risk", "takes the post for spam"),
    ):
        await fakes.set(fail_reasons=[reason])
        with pytest.raises(FailedThere, match=text):
            await networks["tiktok"].publish(work(networks_url, "card_news", "card.jpg"))
