"""What TikTok's error codes and fail reasons mean, by its documents "Direct Post", "Query Creator Info" and "Get Post
Status". An error comes with any status, 200 among them: its code alone is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import httpx

from sns_service.networks.errors import (
    Busy,
    CannotTell,
    FailedThere,
    NetworkError,
    NoAnswer,
    Refused,
    TokenRejected,
    Unavailable,
)
from sns_service.networks.http import MAX_REASON, retry_after, short_reason

OK: Final = "ok"
MINUTE, HOUR = 60.0, 3600.0
"""Seconds. TikTok counts requests by the minute, and posts by the day: of that, every hour may give some back."""
CAPS: Final = {
    "spam_risk_too_many_posts": "The account has posted as much today as TikTok takes from apps.",
    "spam_risk_too_many_pending_share": "Too many posts of the account are waiting at TikTok.",
    "reached_active_user_cap": "TikTok lets no more accounts post with our app today.",
}
LINK_AGAIN: Final = "Link the account again, and allow our app to publish; then retry the post."
BANNED: Final = (
    "TikTok has banned this account from posting. Its owner can ask TikTok why; after that, retry the post"
)
REFUSALS: Final = {
    # It is a 401, but the user did not grant the right to publish: another token would have no more of it.
    "scope_not_authorized": ("credentials_rejected", LINK_AGAIN),
    "scope_permission_missed": ("credentials_rejected", LINK_AGAIN),
    "url_ownership_unverified": (
        "media_refused",
        "TikTok fetches media only from domains that were verified for our app. Use another address, or ask the "
        "operator to have the domain verified; then retry the post.",
    ),
    "spam_risk_user_banned_from_posting": ("refused", f"{BANNED}."),
    "unaudited_client_can_only_post_to_private_accounts": (
        "refused",
        "TikTok has not audited our app, and takes posts of private accounts only. Ask the operator to have it "
        "audited; then retry the post.",
    ),
    "privacy_level_option_mismatch": (
        "refused",
        "The account's privacy settings at TikTok do not allow the post; look at them, then retry the post.",
    ),
}
"""The code of ours, and what the author or the operator can do."""
LOST_TRACK: Final = {"invalid_publish_id", "token_not_authorized_for_specified_publish_id"}
PULLS: Final = {"video_pull_failed", "photo_pull_failed"}
PASSING: Final = PULLS | {"internal"}
"""The fail reasons for which TikTok recommends to try again."""
SPAM: Final = "spam_risk"
SPAM_FAILURES: Final = {
    "spam_risk_too_many_posts": "The account has posted as much in 24 hours as TikTok takes from apps: "
    "retry the post tomorrow, or post it in TikTok's own app",
    "spam_risk_user_banned_from_posting": BANNED,
    "spam_risk_text": "TikTok takes the text for spam: write another text, then retry the post",
}
TAKEN_FOR_SPAM: Final = "TikTok takes the post for spam: change it, then retry the post"


def complaint(answer: httpx.Response) -> str:
    """Code and message. Raises one of UNREADABLE."""
    error = answer.json()["error"]
    return f"{error['code']}: {error.get('message', '')}"


def by_code(answer: httpx.Response, said: str, *, publishes: bool) -> NetworkError | None:
    """None: the code says no more than the status. `publishes`: the post may be public. Raises one of UNREADABLE."""
    match answer.json()["error"]["code"]:
        case "access_token_invalid":
            return TokenRejected(said)
        case "rate_limit_exceeded":
            return Busy(said, retry_after=_wait(answer))
        case "internal_error":
            return NoAnswer(said) if publishes else Unavailable(said)
        case code if code in LOST_TRACK:
            return CannotTell(f"TikTok does not report the result of the post. {said}"[:MAX_REASON])
        case code if code in CAPS:
            return Busy(f"{CAPS[code]} {said}"[:MAX_REASON], retry_after=max(_wait(answer), HOUR))
        case code:
            return _refused(code, said)


def data_of(answer: httpx.Response, body: Mapping[str, Any], *, publishes: bool) -> dict[str, Any]:
    """The data of an answer below 400. Raises NetworkError for an error in it, or one of UNREADABLE."""
    if body["error"]["code"] == OK:
        data: dict[str, Any] = body["data"]
        return data
    said = short_reason(f"TikTok said: {complaint(answer)}")
    raise by_code(answer, said, publishes=publishes) or Refused(said)


def failed(reason: str) -> FailedThere:
    """Of a publication whose status is FAILED, `reason` is its fail_reason."""
    if reason.startswith(SPAM):
        return FailedThere(f"{SPAM_FAILURES.get(reason, TAKEN_FOR_SPAM)} ({reason}).", advised=True)
    if reason == "auth_removed":
        text = f"The account's owner has withdrawn our access meanwhile ({reason}). {LINK_AGAIN}"
        return FailedThere(text, code="credentials_rejected", advised=True)
    about_media = reason in PULLS or reason.endswith("_check_failed")
    return FailedThere(
        f"TikTok could not publish it: {reason}",
        code="media_refused" if about_media else "refused",
        again=reason in PASSING,
    )


def _refused(code: str, said: str) -> Refused | None:
    if code in REFUSALS:
        ours, advice = REFUSALS[code]
        return Refused(f"{advice} {said}"[:MAX_REASON], code=ours, advised=True)
    # It comes with a 403, and is nothing that other credentials would change.
    return Refused(said) if code.startswith(SPAM) else None


def _wait(answer: httpx.Response) -> float:
    return retry_after(answer, default=MINUTE)
