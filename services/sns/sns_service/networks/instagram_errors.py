"""What Meta's error codes mean for a post. Nearly all of them come with status 400.

They are in "Error Codes" of the Instagram Platform, and in "Handling Errors" and "Rate Limits" of the Graph API.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import httpx

from sns_service.networks.http import retry_after
from sns_service.networks.network import (
    Busy,
    FailedThere,
    NetworkError,
    NoAnswer,
    Refused,
    TokenRejected,
    Unavailable,
)

Code = int | tuple[int, int]
"""A code, or one with its subcode."""
Meaning = Callable[[httpx.Response, str], NetworkError]

TOKEN_INVALID: Final = 190
LIMITS: Final = (4, 9, 17, 32, 341, 613, 80002)
"""What was reached: the app's, the user's or the page's calls an hour, or posts a day."""
LIMIT_SECONDS: Final = 300.0
PASSING: Final = ("2207001", "2207003", "2207008", "2207020", "2207032", "2207053")
"""Subcodes of media that failed for which Meta says: make a new container."""


class Unknown(Refused):
    """Meta has no object with this id, or does not show it to us."""


def media_refused(said: str) -> FailedThere:
    """For a container with an ERROR; `said` is its `status`, which has the subcode."""
    again = any(subcode in said for subcode in PASSING)
    return FailedThere(f"Instagram could not use the media: {said}", code="media_refused", again=again)


def limit_seconds(answer: httpx.Response) -> float:
    """How long to wait after a limit was reached."""
    return retry_after(answer, default=LIMIT_SECONDS)


def by_code(answer: httpx.Response, said: str) -> NetworkError | None:
    """What an error means; None: nothing that is particular to Meta."""
    error = answer.json()["error"]
    code = error["code"]
    means = MEANINGS.get((code, error.get("error_subcode"))) or MEANINGS.get(code)
    if means is None and error.get("is_transient") is True:
        means = _passing
    return means(answer, said) if means else None


def _token_rejected(_answer: httpx.Response, said: str) -> NetworkError:
    return TokenRejected(said)


def _forbidden(_answer: httpx.Response, said: str) -> NetworkError:
    return Refused(said, code="credentials_rejected")


def _blocked(answer: httpx.Response, said: str) -> NetworkError:
    """It looks like spam, and is no limit though it has the code of one. Some such posts appear all the same."""
    refused = Refused(said)
    refused.may_be_public = _publishes(answer)
    return refused


def _unknown(_answer: httpx.Response, said: str) -> NetworkError:
    return Unknown(said)


def _limit(answer: httpx.Response, said: str) -> NetworkError:
    return Busy(said, retry_after=limit_seconds(answer))


def _not_ready(_answer: httpx.Response, said: str) -> NetworkError:
    return Unavailable(said)


def _passing(answer: httpx.Response, said: str) -> NetworkError:
    """Something broke there, and where it was to publish, perhaps after it had."""
    return NoAnswer(said) if _publishes(answer) else Unavailable(said)


def _publishes(answer: httpx.Response) -> bool:
    return answer.request.url.path.endswith("/media_publish")


MEANINGS: Final[Mapping[Code, Meaning]] = {
    102: _token_rejected,
    TOKEN_INVALID: _token_rejected,
    **dict.fromkeys(LIMITS, _limit),
    (4, 2207051): _blocked,
    10: _forbidden,
    **dict.fromkeys(range(200, 300), _forbidden),
    803: _forbidden,
    (100, 33): _unknown,
    9007: _not_ready,
    -2: _passing,  # the media took too long to be fetched
    -1: _passing,
    1: _passing,
    2: _passing,
    (24, 2207008): _passing,  # "temporary error publishing a container"
}
