"""What YouTube's error reasons and a video's status mean, by its documents "Errors", "Resumable Uploads", "Videos"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import httpx

from sns_service.networks.errors import Busy, FailedThere, NetworkError, NoAnswer, Refused, Unavailable
from sns_service.networks.http import MAX_REASON, UNREADABLE, retry_after

MINUTE, HOUR = 60.0, 3600.0
"""Seconds."""
LIMITS: Final = {
    "rateLimitExceeded": MINUTE,
    "userRateLimitExceeded": MINUTE,
    "quotaExceeded": HOUR,  # of a day, as the two below
    "dailyLimitExceeded": HOUR,
    "uploadLimitExceeded": HOUR,
}
"""How long to wait, unless YouTube says it."""
PASSING: Final = {"backendError", "internalError", "processingFailure"}
"""The last one is a 400 that, as YouTube says, may pass."""
NO_CHANNEL: Final = (
    "The Google account has no YouTube channel; create one, link the account again, then retry the post."
)
ACCOUNT: Final = {
    # It is a 401, but no other access token would help.
    "youtubeSignupRequired": NO_CHANNEL,
    "insufficientPermissions": "Link the account again, and allow our app to upload videos; then retry the post.",
}
NOT_OF_THE_ACCOUNT: Final = {"accessNotConfigured", "forbiddenLicenseSetting", "forbiddenPrivacySetting"}
"""They come with a 403, and other credentials would change nothing."""
SESSION_GONE: Final = {404, 410}
ABOUT_ACCESS: Final = {401, 403, 408, 429}
BAD_FILES: Final = {"codec", "conversion", "emptyFile", "invalidFile", "tooSmall", "length"}
PRIVATE: Final = (
    "YouTube keeps the video {}: it does so with all videos of a project that Google has not verified. "
    "Ask the operator to have it verified, then retry the post."
)


class SessionOver(FailedThere):
    """The upload session has ended. `again`: YouTube does not know it, and a new one may succeed."""


def complaint(answer: httpx.Response) -> str:
    """Raises one of UNREADABLE."""
    return str(answer.json()["error"]["message"])


def by_reason(answer: httpx.Response, said: str) -> NetworkError | None:
    """None: the reason says no more than the status."""
    reason = _reason(answer)
    if reason in LIMITS:
        return Busy(said, retry_after=retry_after(answer, default=LIMITS[reason]))
    if reason in PASSING:
        return Unavailable(said)
    if reason in ACCOUNT:
        return Refused(f"{ACCOUNT[reason]} {said}"[:MAX_REASON], code="credentials_rejected", advised=True)
    return Refused(said) if reason in NOT_OF_THE_ACCOUNT else None


def of_session(answer: httpx.Response, said: str) -> NetworkError | None:
    """What a session says: any other refusal than one of access is its end, and it has to be started again."""
    if answer.status_code in SESSION_GONE:
        return SessionOver(said, again=True)
    meant = by_reason(answer, said)
    if isinstance(meant, Unavailable):
        return NoAnswer(said)
    if meant or answer.status_code in ABOUT_ACCESS:
        return meant
    return SessionOver(said)


def check_status(video: Mapping[str, Any]) -> None:
    """Raises FailedThere for an uploaded video that nobody will see, or one of UNREADABLE."""
    status = video.get("status", {})
    state, privacy = status.get("uploadStatus", "uploaded"), status.get("privacyStatus", "public")
    if state not in {"uploaded", "processed"}:
        why = str(status.get("rejectionReason") or status.get("failureReason") or "it does not say why")
        code = "media_refused" if why in BAD_FILES else "refused"
        raise FailedThere(f"YouTube says that the video is {state}: {why}", code=code)
    if privacy != "public":
        raise FailedThere(PRIVATE.format(privacy), advised=True)


def _reason(answer: httpx.Response) -> str:
    """Empty where there is none."""
    try:
        return str(answer.json()["error"]["errors"][0]["reason"])
    except UNREADABLE:
        return ""
