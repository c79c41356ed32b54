"""The video of a post, from where its author keeps it: its size, and its bytes as they come."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import httpx

from sns_service.networks.errors import NetworkError, Unavailable
from sns_service.networks.sources import asked, changed, not_fetched, refused

MAX_BYTES: Final = 256 * 1024 * 1024


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
