"""What Instagram's Graph API is given, and what its answers and error codes mean. Nearly all errors have status 400.

The codes are in "Error Codes" of the Instagram Platform, and in "Handling Errors" and "Rate Limits" of the Graph API. A
reader meets an answer that is of somebody else with one of UNREADABLE."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import httpx

from sns_service.networks.errors import (
    Busy,
    FailedThere,
    NetworkError,
    NoAnswer,
    Refused,
    TokenRejected,
    Unavailable,
)
from sns_service.networks.http import retry_after
from sns_service.networks.network import Metrics, Publication, Published


@dataclass(frozen=True, slots=True)
class State:
    """What a container says of itself: IN_PROGRESS, FINISHED, PUBLISHED, ERROR or EXPIRED, and that in words."""

    code: str
    said: str


def media_of(work: Publication, children: Sequence[str]) -> dict[str, str]:
    """The fields that give a container its media; `children` are the containers of a carousel's pictures."""
    if children:
        return {"media_type": "CAROUSEL", "children": ",".join(children)}
    if work.template == "reel":
        return {"media_type": "REELS", "video_url": work.media[0]}
    return {"image_url": work.media[0]}


def id_of(made: Mapping[str, Any]) -> str:
    """Of a container or a media."""
    return str(made["id"])


def state_of(container: Mapping[str, Any]) -> State:
    """Of its fields `status_code` and `status`."""
    return State(str(container["status_code"]), str(container.get("status", "")))


def metrics_of(media: Mapping[str, Any]) -> Metrics:
    """Of its fields `like_count`, which the user may hide, and `comments_count`."""
    return Metrics(likes=int(media.get("like_count", 0)), comments=int(media.get("comments_count", 0)))


def first_since(since: datetime, found: Sequence[Mapping[str, Any]], caption: str) -> Published:
    """The earliest media with the caption, of what Meta gives latest first: later ones may be other posts that say the
    same. Without an id where there is none."""
    for media in reversed(found):
        same = (media.get("caption") or "").strip() == caption.strip()
        if same and datetime.fromisoformat(media["timestamp"]) >= since:
            return Published(str(media["id"]), media.get("permalink"))
    return Published("")


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
