"""YouTube Shorts: the Data API's resumable upload. A session takes a video once, and says how far it is.

What is kept: `session`, its address, empty once YouTube has given it up; `size`, the video's bytes; and `sending`, from
just before the first of them is sent. Until then nothing can have been published.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import httpx

from sns_service.networks.errors import CannotTell, NoAnswer, Unavailable
from sns_service.networks.http import Caller, ConcurrencyLimit
from sns_service.networks.media import title_of
from sns_service.networks.network import Metrics, Publication, Published
from sns_service.networks.sources import opened, size_of
from sns_service.networks.youtube.errors import SessionOver, by_reason, check_status, complaint, of_session

UPLOAD_SECONDS: Final = 480.0
"""For all of a video: less than the nine minutes of a whole attempt. What was sent by then need not be sent again."""
UPLOADS, UPLOADS_OF_ONE = 50, 3
"""Videos that a worker sends at a time, of all channels and of one."""
TITLE: Final = 100
"""Characters of a title: the first line of a post."""
RESUME_INCOMPLETE: Final = 308
CATEGORY_PEOPLE: Final = "22"
VIDEO: Final = "video/*"


class YouTube:
    """One adapter for every channel."""

    def __init__(self, http: httpx.AsyncClient, *, base_url: str) -> None:
        self._http = http
        self._uploads = ConcurrencyLimit(most=UPLOADS, of_one=UPLOADS_OF_ONE)
        self._caller = Caller(http, "YouTube", complaint, by_reason)
        self._sessions = Caller(http, "YouTube", complaint, of_session)
        self._base_url = base_url.rstrip("/")

    async def publish(self, work: Publication) -> Published:
        """Begin a session unless there is one, and send what it does not have yet of the video.

        Raises Working where enough videos are on their way.
        """
        with self._uploads.place(work.credentials["access_token"]):
            return await self._publish(work)

    async def _publish(self, work: Publication) -> Published:
        try:
            return await self._upload(work)
        except SessionOver as error:
            if not error.again:
                raise
        # It has expired, and was incomplete: whoever calls this has looked that up, or had a definite no.
        await work.keep(session="", sending=False)
        return await self._upload(work)

    async def find(self, work: Publication) -> Published | None:
        """Ask the session whether it is complete; where it was sent nothing, nothing can have been published."""
        if not work.progress.get("session"):
            return None
        try:
            return (await self._status(work))[1]
        except SessionOver as error:
            # The version before kept no `sending`.
            if not work.progress.get("sending", True):
                return None
            reason = "YouTube no longer knows the upload, and so not whether it was completed."
            raise CannotTell(reason) from error

    async def measure(self, credentials: Mapping[str, str], network_id: str) -> Metrics | None:
        """Views, likes and comments."""
        answer = await self._caller.call(
            "GET",
            f"{self._base_url}/youtube/v3/videos",
            headers=_access(credentials),
            params={"part": "statistics", "id": network_id},
        )
        return self._caller.read(answer, _metrics)

    async def _upload(self, work: Publication) -> Published:
        """Raises SessionOver where YouTube has given the session up."""
        offset = 0
        if work.progress.get("session"):
            offset, done = await self._status(work)
            if done:
                return done
        else:
            await self._begin(work)
        return await self._send(work, offset)

    async def _begin(self, work: Publication) -> None:
        size = await size_of(self._http, work.media[0])
        answer = await self._caller.call(
            "POST",
            f"{self._base_url}/upload/youtube/v3/videos",
            params={"uploadType": "resumable", "part": "snippet,status"},
            headers=_access(work.credentials)
            | {"X-Upload-Content-Length": str(size), "X-Upload-Content-Type": VIDEO},
            json=_described(work.content),
        )
        session = answer.headers.get("location")
        if not session:
            raise Unavailable("YouTube did not say where to send the video.")
        await work.keep(session=session, size=size, sending=False)

    async def _status(self, work: Publication) -> tuple[int, Published | None]:
        """How many bytes the session has, and the video where it is complete. Raises FailedThere where nobody sees it,
        SessionOver, or another NetworkError."""
        size: int = work.progress["size"]
        asks = {"Content-Range": f"bytes */{size}", "Content-Length": "0"}
        headers = _access(work.credentials) | asks
        answer = await self._sessions.call("PUT", work.progress["session"], headers=headers)
        if answer.status_code == RESUME_INCOMPLETE:
            return _received(answer, size), None
        return size, self._sessions.read(answer, _published, publishes=True)

    async def _send(self, work: Publication, offset: int) -> Published:
        """Send the video from `offset` on."""
        size: int = work.progress["size"]
        headers = _access(work.credentials) | {
            "Content-Type": VIDEO,
            "Content-Length": str(size - offset),
            "Content-Range": f"bytes {offset}-{size - 1}/{size}",
        }
        async with opened(self._http, work.media[0], offset=offset, size=size) as video:
            await work.keep(sending=True)
            options = {"headers": headers, "content": video.content()}
            try:
                answer = await self._sessions.call(
                    "PUT", work.progress["session"], publishes=True, seconds=UPLOAD_SECONDS, **options
                )
            except NoAnswer:
                if video.failure:  # so YouTube did not get the end of it, and it is not public
                    raise video.failure from None
                raise
        if answer.status_code == RESUME_INCOMPLETE:
            raise NoAnswer("YouTube does not have the whole video yet.")
        return self._sessions.read(answer, _published, publishes=True)


def _access(credentials: Mapping[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {credentials['access_token']}"}


def _described(content: str) -> dict[str, Any]:
    title = title_of(content, TITLE)
    return {
        "snippet": {"title": title, "description": content, "categoryId": CATEGORY_PEOPLE},
        "status": {"privacyStatus": "public", "selfDeclaredMadeForKids": False},
    }


def _received(answer: httpx.Response, size: int) -> int:
    """How many bytes a session has that is incomplete. Raises NoAnswer where that is all of them."""
    span = re.fullmatch(r"bytes=0-([0-9]{1,12})", answer.headers.get("range", ""))
    received = int(span[1]) + 1 if span else 0
    if received >= size:
        raise NoAnswer("YouTube has the whole video but has not reported the result yet.")
    return received


def _published(video: Mapping[str, Any]) -> Published:
    check_status(video)
    return Published(str(video["id"]), f"https://www.youtube.com/shorts/{video['id']}")


def _metrics(found: Mapping[str, Any]) -> Metrics | None:
    if not found["items"]:
        return None
    counts = found["items"][0]["statistics"]
    return Metrics(
        views=int(counts.get("viewCount", 0)),
        likes=int(counts.get("likeCount", 0)),
        comments=int(counts.get("commentCount", 0)),
    )
