"""The media of a post, from where its author keeps them: a picture as a whole, or an answer with a video.

They are asked for with GET alone: addresses that were signed for GET answer HEAD with 403.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Final

import httpx

from sns_service.networks.errors import FailedThere, Refused, Unavailable
from sns_service.networks.http import checked
from sns_service.networks.media import MediaKind

OPEN_SECONDS: Final = 30.0
"""Until an answer begins, with all redirects before it."""
READ_SECONDS: Final = 60.0
"""For all of a picture: its author's server may send a byte each second."""
REDIRECTS: Final = 5
UNTYPED: Final = {"application/octet-stream", "binary/octet-stream"}
"""What stores say of a file whose type they were not told; the second is S3's."""
PASSING: Final = {408, 429}
NO_ADDRESS: Final = (
    httpx.InvalidURL,
    httpx.UnsupportedProtocol,
    httpx.TooManyRedirects,
    httpx.RemoteProtocolError,  # a redirect to what is no address
    UnicodeError,
)
CHANGED: Final = "The {} has changed while it was sent to the network."
NAMES: Final[Mapping[MediaKind, str]] = {"image": "picture", "video": "video"}


async def picture(http: httpx.AsyncClient, url: str, *, most: int) -> tuple[bytes, str]:
    """A picture of at most `most` bytes, and its type such as `image/png`, empty where its address names none.

    Raises Refused or Unavailable.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(READ_SECONDS), asked(http, url, {}, "image") as answer:
            async for part in answer.aiter_raw():
                body += part
                if len(body) > most:
                    raise refused(f"The picture has more than {most / 1024**2:g} MB")
    except (httpx.HTTPError, TimeoutError) as error:
        raise not_fetched(error, "image") from error
    if not body:
        raise refused("The picture's address returns an empty file")
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    return bytes(body), "" if kind in UNTYPED else kind


@asynccontextmanager
async def asked(
    http: httpx.AsyncClient, url: str, headers: Mapping[str, str], kind: MediaKind
) -> AsyncIterator[httpx.Response]:
    """An answer with the picture or video, or with a part of it where `headers` ask for one.

    Raises Refused, Unavailable, or FailedThere where that part is not there any more.
    """
    async with aclosing(await _open(http, url, headers, kind)) as answer:
        _check_status(answer, kind, partly="Range" in headers)
        _check_type(answer, kind)
        yield answer


async def _open(
    http: httpx.AsyncClient, url: str, headers: Mapping[str, str], kind: MediaKind
) -> httpx.Response:
    try:
        async with asyncio.timeout(OPEN_SECONDS):
            return await _followed(http, http.build_request("GET", url, headers=headers))
    except NO_ADDRESS as error:
        raise refused(f"The {NAMES[kind]}'s address cannot be reached: {type(error).__name__}") from error
    except (httpx.HTTPError, TimeoutError) as error:
        raise not_fetched(error, kind) from error


async def _followed(http: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
    """The answer at the end of redirects, whose own bodies, of any length, are not read."""
    for _ in range(REDIRECTS + 1):
        answer = await http.send(checked(request), stream=True)
        if answer.next_request is None:
            return answer
        await answer.aclose()
        request = answer.next_request
    raise httpx.TooManyRedirects(f"more than {REDIRECTS} redirects", request=request)


def _check_status(answer: httpx.Response, kind: MediaKind, *, partly: bool) -> None:
    """What the user's own server says, 401 among it, is nothing about their account at the network."""
    status = answer.status_code
    if status == httpx.codes.OK or (partly and status == httpx.codes.PARTIAL_CONTENT):
        return
    if partly and status == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
        raise changed(kind)
    said = f"The {NAMES[kind]}'s address answered {status}."
    raise Unavailable(said) if status in PASSING or status >= 500 else refused(said)


def _check_type(answer: httpx.Response, kind: MediaKind) -> None:
    name = NAMES[kind]
    given = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not given.startswith(f"{kind}/") and given not in UNTYPED:
        raise refused(
            f"The {name}'s address returns {given[:80] or 'something without a type'}, not a {name}."
        )
    if answer.headers.get("content-encoding", "identity").lower() != "identity":
        raise refused(f"The {name}'s address returns it compressed, although that was not requested.")


def changed(kind: MediaKind) -> FailedThere:
    """The file is no longer the one of which a part was sent."""
    return FailedThere(CHANGED.format(NAMES[kind]), code="media_refused", again=True)


def refused(reason: str) -> Refused:
    """What the author has to change."""
    return Refused(reason, code="media_refused")


def not_fetched(error: Exception, kind: MediaKind) -> Unavailable:
    """Of a file whose bytes did not come."""
    what = (
        "cannot be reached" if isinstance(error, httpx.ConnectError) else "did not answer, or not to the end"
    )
    return Unavailable(f"The {NAMES[kind]}'s address {what}.")
