"""What X's errors mean for a post, by its documents "Response codes and errors", "Rate limits" and "Manage Posts".

They are problem+json (`title`, `detail`, `type`), of a request that makes no sense with `errors`. Most 403s share one
type, `about:blank`: there only the detail tells them apart.
"""

from __future__ import annotations

from typing import Any, Final

import httpx

from shared.schemas.dates import utcnow
from sns_service.networks.errors import Busy, NetworkError, Refused, Unavailable
from sns_service.networks.http import LONGEST_WAIT, MAX_REASON, UNREADABLE, retry_after

WINDOW: Final = 15 * 60.0
"""Seconds: X counts requests in windows of so long, and posts by the day."""
HOUR: Final = 3600.0
LIMITS: Final = ("x-rate-limit", "x-user-limit-24hour", "x-app-limit-24hour")
"""Each has `-remaining`, and `-reset` in seconds since 1970."""
CAPPED: Final = ("usage-capped", "UsageCapExceeded")
"""By the month, for all users of our app."""
DUPLICATE: Final = "duplicate content"
NOT_PERMITTED: Final = (
    "not permitted to perform this action",
    "oauth1-permissions",
    "unsupported-authentication",
)
LOCKED: Final = ("suspended", "locked")
OURS: Final = ("client-not-enrolled", "client-forbidden", "not-authorized-for-resource", "CreditsDepleted")
"""Of our app, not of the account."""


class Duplicate(Refused):
    """X already has a recent post with the same text from this account."""


def complaint(answer: httpx.Response) -> str:
    """Raises one of UNREADABLE."""
    body = answer.json()
    detail = str(body.get("detail") or body.get("title") or "")
    first: dict[str, Any] = next(iter(body.get("errors") or ()), {})
    more = str(first.get("message") or "")
    return f"{detail} {more}".strip() if more not in detail else detail


def by_problem(answer: httpx.Response, said: str) -> NetworkError | None:
    """None: it says no more than the status. Raises one of UNREADABLE."""
    if answer.status_code == 429:
        return Busy(said, retry_after=_wait(answer))
    body = answer.json()
    means = " ".join(str(body.get(name) or "") for name in ("type", "title", "detail"))
    if answer.status_code in {402, 403}:
        return _forbidden(means, said)
    return None


def gone(found: dict[str, Any]) -> bool:
    """Whether an answer about one post says that it is not there. Raises one of UNREADABLE."""
    return any("resource-not-found" in str(error["type"]) for error in found.get("errors", ()))


def _forbidden(means: str, said: str) -> NetworkError:
    if DUPLICATE in means.lower():
        text = "The account has posted this text already. Change it, then retry the post."
        return Duplicate(_advised(text, said), advised=True)
    if any(word in means for word in OURS):
        # The operator's to mend, and the post is to go out when that is done.
        return Unavailable(_advised("X does not let our app post now.", said))
    if any(word in means for word in NOT_PERMITTED):
        text = "Link the account again, and allow our app to post; then retry the post."
        return Refused(_advised(text, said), code="credentials_rejected", advised=True)
    if any(word in means.lower() for word in LOCKED):
        return Refused(_advised("Unlock the account at X, then retry the post.", said), advised=True)
    return Refused(said)


def _advised(advice: str, said: str) -> str:
    return f"{advice} {said}"[:MAX_REASON]


def _wait(answer: httpx.Response) -> float:
    """Seconds until the limit that was reached is lifted: the latest of those of which nothing remains."""
    resets = [
        seconds
        for name in LIMITS
        if answer.headers.get(f"{name}-remaining") in {None, "0"}
        and (seconds := _until(answer.headers.get(f"{name}-reset", ""))) is not None
    ]
    if resets:
        return min(max(resets), LONGEST_WAIT)
    return retry_after(answer, default=HOUR if _is_capped(answer) else WINDOW)


def _until(reset: str) -> float | None:
    if not (reset.isascii() and reset.isdigit() and len(reset) <= 12):
        return None
    return max(1.0, float(reset) - utcnow().timestamp())


def _is_capped(answer: httpx.Response) -> bool:
    try:
        body = answer.json()
        return any(word in f"{body.get('type')} {body.get('title')}" for word in CAPPED)
    except UNREADABLE:
        return False
