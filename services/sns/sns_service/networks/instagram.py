"""Instagram's Graph API: a container is made, then published. A container is published once, and says so."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import httpx

from sns_service.networks.http import Caller, retry_after
from sns_service.networks.network import (
    Busy,
    Metrics,
    NetworkError,
    Publication,
    Published,
    Refused,
    TokenRejected,
    Unavailable,
)

TOKEN_INVALID: Final = 190
LIMITS: Final = {4, 9, 17, 32, 613}
"""Codes of limits that were reached: the app's, the user's, the page's, and posts a day."""
LIMIT_SECONDS: Final = 300.0
POLLS: Final = 5
POLL_SECONDS: Final = 0.5


class Instagram:
    """One adapter for every account."""

    def __init__(self, http: httpx.AsyncClient, *, base_url: str) -> None:
        self._caller = Caller(
            http, "Instagram", lambda answer: str(answer.json()["error"]["message"]), _by_code
        )
        self._base_url = base_url.rstrip("/")

    async def publish(self, work: Publication) -> Published:
        """Make the container unless there is a usable one, wait until it is finished, publish it."""
        container = await self._finished_container(work)
        user = work.credentials["user_id"]
        try:
            answer = await self._call(
                "POST",
                f"{user}/media_publish",
                work.credentials,
                publishes=True,
                data={"creation_id": container},
            )
        except Refused:
            if await self._status(work, container) != "PUBLISHED":
                raise
            return await self._find_media(work)  # by an attempt that was slower than we waited for it
        media_id = self._caller.read(answer, _id, publishes=True)
        return Published(media_id, await self._permalink(work, media_id))

    async def find(self, work: Publication) -> Published | None:
        """Ask the container whether it was published; without a container nothing can have been."""
        container = work.progress.get("container")
        if container is None or await self._status(work, container) != "PUBLISHED":
            return None
        return await self._find_media(work)

    async def measure(self, credentials: Mapping[str, str], network_id: str) -> Metrics | None:
        """Likes and comments."""
        answer = await self._call(
            "GET", network_id, credentials, params={"fields": "like_count,comments_count"}
        )
        return self._caller.read(answer, _metrics)

    async def _finished_container(self, work: Publication) -> str:
        container = work.progress.get("container")
        if container is None:
            return await self._new_container(work)
        for _ in range(POLLS):
            status = await self._status(work, container)
            if status == "FINISHED":
                return str(container)
            if status in {"ERROR", "EXPIRED"}:
                return await self._new_container(work)
            await asyncio.sleep(POLL_SECONDS)
        raise Unavailable("Instagram is still preparing the media.")

    async def _new_container(self, work: Publication) -> str:
        children = []
        if len(work.media) > 1:
            children = [
                await self._create(work, {"image_url": url, "is_carousel_item": "true"}) for url in work.media
            ]
        made = await self._create(work, {"caption": work.content, **_media(work, children)})
        await work.keep(container=made)
        if work.template == "reel" or await self._status(work, made) != "FINISHED":
            return await self._finished_container(work)
        return made

    async def _create(self, work: Publication, fields: Mapping[str, str]) -> str:
        user = work.credentials["user_id"]
        answer = await self._call("POST", f"{user}/media", work.credentials, data=dict(fields))
        return self._caller.read(answer, _id)

    async def _status(self, work: Publication, container: str) -> str:
        answer = await self._call("GET", container, work.credentials, params={"fields": "status_code"})
        return self._caller.read(answer, lambda container: str(container["status_code"]))

    async def _permalink(self, work: Publication, media_id: str) -> str | None:
        """Where the post is to be seen; not worth a failure now that it is published."""
        try:
            answer = await self._call("GET", media_id, work.credentials, params={"fields": "permalink"})
            return self._caller.read(answer, lambda media: str(media["permalink"]))
        except NetworkError:
            return None

    async def _find_media(self, work: Publication) -> Published:
        """The container does not name its post: it is the latest with the same caption."""
        user, wanted = work.credentials["user_id"], {"fields": "id,caption,permalink", "limit": "50"}
        answer = await self._call("GET", f"{user}/media", work.credentials, params=wanted)
        return self._caller.read(answer, lambda found: _with_caption(found["data"], work.content))

    async def _call(
        self, method: str, path: str, credentials: Mapping[str, str], **options: Any
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {credentials['access_token']}"}
        return await self._caller.call(method, f"{self._base_url}/{path}", headers=headers, **options)


def _media(work: Publication, children: list[str]) -> dict[str, str]:
    if children:
        return {"media_type": "CAROUSEL", "children": ",".join(children)}
    if work.template == "reel":
        return {"media_type": "REELS", "video_url": work.media[0]}
    return {"image_url": work.media[0]}


def _by_code(answer: httpx.Response, said: str) -> NetworkError | None:
    code = answer.json()["error"]["code"]
    if code == TOKEN_INVALID:
        return TokenRejected(said)
    if code in LIMITS:
        wait = retry_after(answer) if "retry-after" in answer.headers else LIMIT_SECONDS
        return Busy(said, retry_after=wait)
    return None


def _id(made: Mapping[str, Any]) -> str:
    return str(made["id"])


def _metrics(media: Mapping[str, Any]) -> Metrics:
    return Metrics(likes=int(media.get("like_count", 0)), comments=int(media.get("comments_count", 0)))


def _with_caption(found: list[dict[str, Any]], caption: str) -> Published:
    for media in found:
        if media.get("caption") == caption:
            return Published(str(media["id"]), media.get("permalink"))
    return Published("")
