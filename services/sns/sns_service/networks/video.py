"""The video of a post, from where its author keeps it: its size, and its bytes as they come.

It is asked for with GET alone, even for its size: addresses that were signed for GET answer HEAD with 403.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Final

import httpx

from sns_service.networks.http import checked
from sns_service.networks.network import FailedThere, NetworkError, Refused, Unavailable

MAX_BYTES: Final = 256 * 1024 * 1024
OPEN_SECONDS: Final = 30.0
"""Until an answer begins, with all redirects before it."""
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
CHANGED: Final = "The video has changed while it was sent to the network."


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
            self.failure = _not_fetched(error)
            raise self.failure from error
        except NetworkError as error:
            self.failure = error
            raise


async def size_of(http: httpx.AsyncClient, url: str) -> int:
    """How many bytes a video has, none of which is read. Raises Refused or Unavailable."""
    async with _asked(http, url, {}) as answer:
        return _size(answer)


@asynccontextmanager
async def opened(http: httpx.AsyncClient, url: str, *, offset: int, size: int) -> AsyncIterator[Video]:
    """The video from `offset` on. Raises Refused, Unavailable, or FailedThere where it is not of `size` bytes now."""
    headers = {"Range": f"bytes={offset}-"} if offset else {}
    async with _asked(http, url, headers) as answer:
        partly = answer.status_code == httpx.codes.PARTIAL_CONTENT
        same = _span(answer) == (offset, size - 1, size) if partly else _size(answer) == size
        if not same:
            raise FailedThere(CHANGED, code="media_refused", again=True)
        yield Video(answer, skip=0 if partly else offset, length=size - offset)


async def exactly(parts: AsyncIterator[bytes], *, skip: int, length: int) -> AsyncIterator[bytes]:
    """`length` bytes after the first `skip`. Raises Unavailable where there are less, Refused where there are more.

    What comes last is held back until the end is seen: nobody gets the whole of what is not exactly so.
    """
    held, left = b"", skip + length
    async for part in parts:
        left -= len(part)
        if left < 0:
            raise _refused("The video's address gives more bytes than it says.")
        if held:
            yield held
        held, skip = part[skip:], max(0, skip - len(part))
    if left:
        raise Unavailable("The video's address gave less bytes than it says.")
    yield held


@asynccontextmanager
async def _asked(
    http: httpx.AsyncClient, url: str, headers: Mapping[str, str]
) -> AsyncIterator[httpx.Response]:
    """An answer with a video, or with a part of it where `headers` ask for one."""
    async with aclosing(await _open(http, url, headers)) as answer:
        _check_status(answer, partly="Range" in headers)
        _check_type(answer)
        yield answer


async def _open(http: httpx.AsyncClient, url: str, headers: Mapping[str, str]) -> httpx.Response:
    try:
        async with asyncio.timeout(OPEN_SECONDS):
            return await _followed(http, http.build_request("GET", url, headers=headers))
    except NO_ADDRESS as error:
        raise _refused(f"The video's address leads nowhere: {type(error).__name__}") from error
    except (httpx.HTTPError, TimeoutError) as error:
        raise _not_fetched(error) from error


async def _followed(http: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
    """The answer at the end of redirects, whose own bodies, of any length, are not read."""
    for _ in range(REDIRECTS + 1):
        answer = await http.send(checked(request), stream=True)
        if answer.next_request is None:
            return answer
        await answer.aclose()
        request = answer.next_request
    raise httpx.TooManyRedirects(f"more than {REDIRECTS} redirects", request=request)


def _check_status(answer: httpx.Response, *, partly: bool) -> None:
    """What the user's own server says, 401 among it, is nothing about their account at the network."""
    status = answer.status_code
    if status == httpx.codes.OK or (partly and status == httpx.codes.PARTIAL_CONTENT):
        return
    if partly and status == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
        raise FailedThere(CHANGED, code="media_refused", again=True)
    said = f"The video's address answered {status}."
    raise Unavailable(said) if status in PASSING or status >= 500 else _refused(said)


def _check_type(answer: httpx.Response) -> None:
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not kind.startswith("video/") and kind not in UNTYPED:
        raise _refused(f"The video's address gives no video, but {kind[:80] or 'something without a type'}.")
    if answer.headers.get("content-encoding", "identity").lower() != "identity":
        raise _refused("The video's address gives it compressed, though asked not to.")


def _size(answer: httpx.Response) -> int:
    """Of what the answer contains, in bytes."""
    length = answer.headers.get("content-length", "")
    if not re.fullmatch(r"[0-9]{1,12}", length) or not 0 < int(length) <= MAX_BYTES:
        raise _refused(f"The video must say its size, at most {MAX_BYTES // 1024**2} MB.")
    return int(length)


def _span(answer: httpx.Response) -> tuple[int, ...]:
    """First byte, last byte and total; empty where the answer does not say all three."""
    found = re.fullmatch(r"bytes ([0-9]+)-([0-9]+)/([0-9]+)", answer.headers.get("content-range", ""))
    return tuple(map(int, found.groups())) if found else ()


def _refused(reason: str) -> Refused:
    return Refused(reason, code="media_refused")


def _not_fetched(error: Exception) -> Unavailable:
    what = (
        "cannot be reached" if isinstance(error, httpx.ConnectError) else "did not answer, or not to the end"
    )
    return Unavailable(f"The video's address {what}.")
