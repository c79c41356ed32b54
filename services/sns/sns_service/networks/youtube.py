"""YouTube Shorts: the Data API's resumable upload. A session takes a video once, and says how far it is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx

from sns_service.networks.http import Caller, retry_after
from sns_service.networks.network import (
    Busy,
    CannotTell,
    Metrics,
    NetworkError,
    NoAnswer,
    Publication,
    Published,
    Refused,
    Unavailable,
)
from sns_service.posts.rules import YOUTUBE_TITLE, title_of

LIMITS: Final = {"quotaExceeded", "rateLimitExceeded", "userRateLimitExceeded", "uploadLimitExceeded"}
LIMIT_SECONDS: Final = 3600.0
"""Quotas are those of a day."""
MAX_BYTES: Final = 256 * 1024 * 1024
RESUME_INCOMPLETE: Final = 308
CATEGORY_PEOPLE: Final = "22"


class YouTube:
    """One adapter for every channel."""

    def __init__(self, http: httpx.AsyncClient, *, base_url: str) -> None:
        self._caller = Caller(
            http, "YouTube", lambda answer: str(answer.json()["error"]["message"]), _by_reason
        )
        self._media = Caller(http, "The video's address", lambda answer: "", _no_video)
        self._base_url = base_url.rstrip("/")

    async def publish(self, work: Publication) -> Published:
        """Begin a session unless there is one, and send what it does not have yet of the video."""
        if "session" not in work.progress:
            await self._begin(work)
        offset, done = await self._progress(work)
        if done:
            return done
        size: int = work.progress["size"]
        async with self._video(work, skip=offset) as content:
            headers = self._headers(work.credentials) | {
                "Content-Length": str(size - offset),
                "Content-Range": f"bytes {offset}-{size - 1}/{size}",
            }
            answer = await self._caller.call(
                "PUT", work.progress["session"], publishes=True, headers=headers, content=content
            )
        if answer.status_code == RESUME_INCOMPLETE:
            raise NoAnswer("YouTube has not got the whole video yet.")
        return self._caller.read(answer, _published, publishes=True)

    async def find(self, work: Publication) -> Published | None:
        """Ask the session whether it is complete; without a session nothing can have been published."""
        if "session" not in work.progress:
            return None
        return (await self._progress(work))[1]

    async def measure(self, credentials: Mapping[str, str], network_id: str) -> Metrics | None:
        """Views, likes and comments."""
        answer = await self._caller.call(
            "GET",
            f"{self._base_url}/youtube/v3/videos",
            headers=self._headers(credentials),
            params={"part": "statistics", "id": network_id},
        )
        return self._caller.read(answer, _metrics)

    async def _begin(self, work: Publication) -> None:
        size = await self._size(work)
        title = title_of(work.content, YOUTUBE_TITLE)
        body = {
            "snippet": {"title": title, "description": work.content, "categoryId": CATEGORY_PEOPLE},
            "status": {"privacyStatus": "public", "selfDeclaredMadeForKids": False},
        }
        headers = self._headers(work.credentials) | {
            "X-Upload-Content-Length": str(size),
            "X-Upload-Content-Type": "video/*",
        }
        answer = await self._caller.call(
            "POST",
            f"{self._base_url}/upload/youtube/v3/videos",
            params={"uploadType": "resumable", "part": "snippet,status"},
            headers=headers,
            json=body,
        )
        session = answer.headers.get("location")
        if not session:
            raise Unavailable("YouTube did not say where to send the video.")
        await work.keep(session=session, size=size)

    async def _progress(self, work: Publication) -> tuple[int, Published | None]:
        """How many bytes the session has, and the video where it is complete. Raises CannotTell for a lost session."""
        headers = self._headers(work.credentials) | {
            "Content-Range": f"bytes */{work.progress['size']}",
            "Content-Length": "0",
        }
        try:
            answer = await self._caller.call("PUT", work.progress["session"], headers=headers)
        except Refused as error:
            if error.code != "refused":
                raise
            raise CannotTell(
                "YouTube no longer knows the upload, and so not whether it was completed."
            ) from error
        if answer.status_code != RESUME_INCOMPLETE:
            return work.progress["size"], self._caller.read(answer, _published)
        last = answer.headers.get("range", "").rpartition("-")[2]
        return (int(last) + 1 if last.isdigit() else 0), None

    async def _size(self, work: Publication) -> int:
        answer = await self._media.call("HEAD", work.media[0], follow_redirects=True)
        length = answer.headers.get("content-length", "")
        if not length.isdigit() or not 0 < int(length) <= MAX_BYTES:
            raise Refused(
                f"The video must say its size, at most {MAX_BYTES // 1024**2} MB.", code="media_refused"
            )
        return int(length)

    @asynccontextmanager
    async def _video(self, work: Publication, *, skip: int) -> AsyncIterator[AsyncIterator[bytes]]:
        """The video's bytes from `skip` on, as they come from where the user keeps it."""
        try:
            async with self._media.http.stream("GET", work.media[0], follow_redirects=True) as source:
                if source.status_code != httpx.codes.OK:
                    raise Refused(f"The video's address answered {source.status_code}.", code="media_refused")
                yield _from(source.aiter_bytes(), skip)
        except httpx.TransportError as error:
            raise Unavailable(f"The video cannot be fetched: {type(error).__name__}") from error

    @staticmethod
    def _headers(credentials: Mapping[str, str]) -> dict[str, str]:
        return {"Authorization": f"Bearer {credentials['access_token']}"}


async def _from(chunks: AsyncIterator[bytes], skip: int) -> AsyncIterator[bytes]:
    async for chunk in chunks:
        if skip < len(chunk):
            yield chunk[skip:]
        skip = max(0, skip - len(chunk))


def _published(video: Mapping[str, Any]) -> Published:
    return Published(str(video["id"]), f"https://www.youtube.com/shorts/{video['id']}")


def _no_video(answer: httpx.Response, said: str) -> NetworkError | None:
    """What the user's own server says, 401 among it, is nothing about their account at YouTube."""
    return None if answer.status_code in {408, 429} else Refused(said, code="media_refused")


def _by_reason(answer: httpx.Response, said: str) -> NetworkError | None:
    if answer.json()["error"]["errors"][0]["reason"] not in LIMITS:
        return None
    wait = retry_after(answer) if "retry-after" in answer.headers else LIMIT_SECONDS
    return Busy(said, retry_after=wait)


def _metrics(found: Mapping[str, Any]) -> Metrics | None:
    if not found["items"]:
        return None
    counts = found["items"][0]["statistics"]
    return Metrics(
        views=int(counts.get("viewCount", 0)),
        likes=int(counts.get("likeCount", 0)),
        comments=int(counts.get("commentCount", 0)),
    )
