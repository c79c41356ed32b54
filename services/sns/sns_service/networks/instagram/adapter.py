"""Instagram's Graph API: a container is made, then published. A container is published once, and says so."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import httpx

from shared.schemas.dates import utcnow
from sns_service.networks.errors import CannotTell, NetworkError, Refused, Unavailable, Working, handed_over
from sns_service.networks.http import Caller
from sns_service.networks.instagram.answers import (
    State,
    Unknown,
    by_code,
    first_since,
    id_of,
    media_of,
    media_refused,
    metrics_of,
    state_of,
)
from sns_service.networks.network import Metrics, Publication, Published

POLLS: Final = 5
POLL_SECONDS: Final = 0.5
PREPARING_SECONDS: Final = 30.0
"""When to ask again for media that was not prepared while we looked."""
CLOCKS_DIFFER: Final = timedelta(minutes=1)


class Instagram:
    """One adapter for every account."""

    def __init__(self, http: httpx.AsyncClient, *, base_url: str) -> None:
        self._caller = Caller(
            http, "Instagram", lambda answer: str(answer.json()["error"]["message"]), by_code
        )
        self._base_url = base_url.rstrip("/")

    async def publish(self, work: Publication) -> Published:
        """Make the container unless there is a usable one, wait until it is finished, publish it.

        Raises Working while the media is prepared, FailedThere where it cannot be, or another NetworkError.
        """
        container, status = await self._usable_container(work)
        if status == "PUBLISHED":  # by an attempt that was slower than we waited for it
            return await self._find_media(work)
        return await self._send(work, container)

    async def find(self, work: Publication) -> Published | None:
        """Ask the container whether it was published; without a container nothing can have been."""
        container = work.progress.get("container")
        if container is None:
            return None
        try:
            state = await self._state(work, container)
        except Unknown as error:
            raise CannotTell(f"Whether the post was published can no longer be found out: {error}") from error
        if state.code == "IN_PROGRESS":  # it may have been told to publish, and be about to
            with handed_over():
                raise _preparing()
        return await self._find_media(work) if state.code == "PUBLISHED" else None

    async def measure(self, credentials: Mapping[str, str], network_id: str) -> Metrics | None:
        """Likes and comments."""
        wanted = {"fields": "like_count,comments_count"}
        try:
            answer = await self._call("GET", network_id, credentials, params=wanted)
        except Unknown:
            return None
        return self._caller.read(answer, metrics_of)

    async def _usable_container(self, work: Publication) -> tuple[str, str]:
        """The container that was kept, or else a new one, and its status: FINISHED or PUBLISHED."""
        kept = work.progress.get("container")
        if kept is not None and (status := await self._usable(work, kept)):
            return kept, status
        made = await self._new_container(work)
        if status := await self._usable(work, made):
            return made, status
        # One is made in an attempt, and no more: Meta counts them, and whatever is wrong may stay so.
        raise Unavailable("Instagram does not know the media that it was just given.")

    async def _usable(self, work: Publication, container: str) -> str | None:
        """FINISHED or PUBLISHED; None if it has expired (after 24 hours) or is no longer known.

        Raises FailedThere or Working.
        """
        try:
            for _ in range(POLLS):
                state = await self._state(work, container)
                if state.code in {"FINISHED", "PUBLISHED"}:
                    return state.code
                if state.code == "EXPIRED":
                    return None
                if state.code == "ERROR":
                    raise media_refused(state.said)
                await asyncio.sleep(POLL_SECONDS)
        except Unknown:
            return None
        raise _preparing()

    async def _new_container(self, work: Publication) -> str:
        began, children = utcnow(), []
        if len(work.media) > 1:
            children = [
                await self._create(work, {"image_url": url, "is_carousel_item": "true"}) for url in work.media
            ]
        made = await self._create(work, {"caption": work.content, **media_of(work, children)})
        await work.keep(container=made, made_at=began.isoformat())
        return made

    async def _create(self, work: Publication, fields: Mapping[str, str]) -> str:
        user = work.credentials["user_id"]
        answer = await self._call("POST", f"{user}/media", work.credentials, data=dict(fields))
        return self._caller.read(answer, id_of)

    async def _send(self, work: Publication, container: str) -> Published:
        user, wanted = work.credentials["user_id"], {"creation_id": container}
        try:
            answer = await self._call(
                "POST", f"{user}/media_publish", work.credentials, publishes=True, data=wanted
            )
        except Refused as refusal:
            if refusal.code == "credentials_rejected":  # it has not looked at the container
                raise
            return await self._despite(refusal, work, container)
        media_id = self._caller.read(answer, id_of, publishes=True)
        return Published(media_id, await self._permalink(work, media_id))

    async def _despite(self, refusal: Refused, work: Publication, container: str) -> Published:
        """The post, where the container was published: by a slower attempt, or by this one, for Meta is known to
        answer that it suspects spam and to publish. Raises the refusal where it was not."""
        with handed_over():
            state = await self._state(work, container)
        if state.code == "PUBLISHED":
            return await self._find_media(work)
        refusal.may_be_public |= state.code == "IN_PROGRESS"
        raise refusal

    async def _state(self, work: Publication, container: str) -> State:
        wanted = {"fields": "status_code,status"}
        answer = await self._call("GET", container, work.credentials, params=wanted)
        return self._caller.read(answer, state_of)

    async def _permalink(self, work: Publication, media_id: str) -> str | None:
        """Where the post is to be seen; not worth a failure now that it is published."""
        try:
            answer = await self._call("GET", media_id, work.credentials, params={"fields": "permalink"})
            return self._caller.read(answer, lambda media: str(media["permalink"]))
        except NetworkError:
            return None

    async def _find_media(self, work: Publication) -> Published:
        """The container is published, but does not name its post: it is the first with its caption since then."""
        if "made_at" not in work.progress:  # an older version kept none, and any other post may say the same
            return Published("")
        since = datetime.fromisoformat(work.progress["made_at"]) - CLOCKS_DIFFER
        path = f"{work.credentials['user_id']}/media"
        wanted = {"fields": "id,caption,permalink,timestamp", "limit": "50"}
        with handed_over():
            answer = await self._call("GET", path, work.credentials, params=wanted)
            return self._caller.read(answer, lambda found: first_since(since, found["data"], work.content))

    async def _call(
        self, method: str, path: str, credentials: Mapping[str, str], **options: Any
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {credentials['access_token']}"}
        return await self._caller.call(method, f"{self._base_url}/{path}", headers=headers, **options)


def _preparing() -> Working:
    return Working("Instagram is still preparing the media.", retry_after=PREPARING_SECONDS)
