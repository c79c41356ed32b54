"""The media of a post, from where its author keeps them: a picture as a whole, a video's bytes as they come.

They are asked for with GET alone: addresses that were signed for GET answer HEAD with 403.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Final

import httpx

from sns_service.networks.errors import FailedThere, NetworkError, Refused, Unavailable
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
MAX_BYTES: Final = 256 * 1024 * 1024


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


class Video:
    """One answer with a video. `failure` is what kept its bytes from coming, once they were asked for."""

    def __init__(self, answer: httpx.Response, *, skip: int, length: int) -> None:
        self.failure: NetworkError | None = None
        self._answer = answer
        self._skip = skip
        self._length = length

    async def content(self) -> AsyncIterator[bytes]:
        """The bytes, once. Raises `failure`, before the last of them."""
        try:
            async for part in exactly(self._answer.aiter_raw(), skip=self._skip, length=self._length):
                yield part
        except httpx.HTTPError as error:
            self.failure = not_fetched(error, "video")
            raise self.failure from error
        except NetworkError as error:
            self.failure = error
            raise


async def size_of(http: httpx.AsyncClient, url: str) -> int:
    """How many bytes a video has, none of which is read. Raises Refused or Unavailable."""
    async with asked(http, url, {}, "video") as answer:
        return _size(answer)


@asynccontextmanager
async def opened(http: httpx.AsyncClient, url: str, *, offset: int, size: int) -> AsyncIterator[Video]:
    """The video from `offset` on. Raises Refused, Unavailable, or FailedThere where it is not of `size` bytes now."""
    headers = {"Range": f"bytes={offset}-"} if offset else {}
    async with asked(http, url, headers, "video") as answer:
        partly = answer.status_code == httpx.codes.PARTIAL_CONTENT
        same = _span(answer) == (offset, size - 1, size) if partly else _size(answer) == size
        if not same:
            raise changed("video")
        yield Video(answer, skip=0 if partly else offset, length=size - offset)


async def exactly(parts: AsyncIterator[bytes], *, skip: int, length: int) -> AsyncIterator[bytes]:
    """`length` bytes after the first `skip`. Raises Unavailable where there are less, Refused where there are more.

    What comes last is held back until the end is seen: nobody gets the whole of what is not exactly so.
    """
    held, left = b"", skip + length
    async for part in parts:
        left -= len(part)
        if left < 0:
            raise refused("The video's address returns more bytes than it announced.")
        if held:
            yield held
        held, skip = part[skip:], max(0, skip - len(part))
    if left:
        raise Unavailable("The video's address returned fewer bytes than it announced.")
    yield held


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


def _size(answer: httpx.Response) -> int:
    """Of what the answer contains, in bytes."""
    length = answer.headers.get("content-length", "")
    if not re.fullmatch(r"[0-9]{1,12}", length) or not 0 < int(length) <= MAX_BYTES:
        raise refused(f"The video's address must announce its size, at most {MAX_BYTES // 1024**2} MB.")
    return int(length)


def _span(answer: httpx.Response) -> tuple[int, ...]:
    """First byte, last byte and total; empty where the answer does not say all three."""
    found = re.fullmatch(r"bytes ([0-9]+)-([0-9]+)/([0-9]+)", answer.headers.get("content-range", ""))
    return tuple(map(int, found.groups())) if found else ()
