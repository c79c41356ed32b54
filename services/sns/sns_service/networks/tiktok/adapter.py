"""TikTok's Content Posting API: photos, or a video, that TikTok fetches. Once begun, a publication is known by its
publish_id only: if the answer that would have named it got lost, nobody can tell whether there is one.

What is kept: `asked`, False from when a worker takes the post up and True from just before the request that begins it,
and `publish_id`. A worker that dies before it asked does no harm. Workers of the version before did not write it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, TypeVar

import httpx

from sns_service.networks.errors import CannotTell, NetworkError, Refused, Working, handed_over
from sns_service.networks.http import Caller
from sns_service.networks.media import media_kind, title_of, utf16_length
from sns_service.networks.network import Metrics, Publication, Published
from sns_service.networks.tiktok.errors import by_code, complaint, data_of, failed

T = TypeVar("T")
TITLE: Final = 90
POLLS: Final = 3
"""An account's status may be asked for 30 times a minute, and posts be begun 6 times."""
POLL_SECONDS: Final = 0.5
WORKING_SECONDS: Final = 30.0
AUDIENCES: Final = ("PUBLIC_TO_EVERYONE", "FOLLOWER_OF_CREATOR", "MUTUAL_FOLLOW_FRIENDS")
"""The widest first, and without SELF_ONLY, which is not to publish."""
PULL: Final = "PULL_FROM_URL"
FINISHED, FAILED = "PUBLISH_COMPLETE", "FAILED"


class TikTok:
    """One adapter for every account."""

    def __init__(self, http: httpx.AsyncClient, *, base_url: str) -> None:
        self._callers = {
            publishes: Caller(http, "TikTok", complaint, partial(by_code, publishes=publishes))
            for publishes in (False, True)
        }
        self._base_url = f"{base_url.rstrip('/')}/v2"

    async def publish(self, work: Publication) -> Published:
        """Begin, keep the publish_id, and wait a little for the end; later tries only wait on."""
        if "publish_id" not in work.progress:
            await self._begin(work)
        for _ in range(POLLS):
            if found := await self._outcome(work):
                return found
            await asyncio.sleep(POLL_SECONDS)
        raise _still_working()

    async def find(self, work: Publication) -> Published | None:
        """The publication's status. Raises CannotTell where TikTok was asked to begin it and did not say its id."""
        if "publish_id" in work.progress:
            if found := await self._outcome(work):
                return found
            raise _still_working()
        if work.progress.get("asked", True):
            raise CannotTell(
                "TikTok was asked to publish, and its answer was lost; TikTok offers no way to look it up."
            )
        return None

    async def measure(self, credentials: Mapping[str, str], network_id: str) -> Metrics | None:
        """Views, likes, comments and shares."""
        fields = {"fields": "id,view_count,like_count,comment_count,share_count"}
        wanted = {"filters": {"video_ids": [network_id]}}
        return await self._call("video/query/", credentials, _metrics, params=fields, json=wanted)

    async def _begin(self, work: Publication) -> None:
        """Keep the publish_id. From here on TikTok publishes by itself."""
        audience = await self._call("post/publish/creator_info/query/", work.credentials, _audience, json={})
        moving = any(media_kind(url) == "video" for url in work.media)
        kind, body = _video(work, audience) if moving else _photos(work, audience)
        await work.keep(asked=True)
        try:
            path = f"post/publish/{kind}/init/"
            begun = await self._call(path, work.credentials, _publish_id, publishes=True, json=body)
        except NetworkError as error:
            if not error.may_be_public:  # a definite no: there is nothing that could have got lost
                await work.keep(asked=False)
            raise
        await work.keep(publish_id=begun)

    async def _outcome(self, work: Publication) -> Published | None:
        """None while TikTok works on it. Raises FailedThere where TikTok failed."""
        body = {"publish_id": work.progress["publish_id"]}
        with handed_over():
            return await self._call("post/publish/status/fetch/", work.credentials, _published, json=body)

    async def _call(
        self,
        path: str,
        credentials: Mapping[str, str],
        reader: Callable[[dict[str, Any]], T],
        *,
        publishes: bool = False,
        **options: Any,
    ) -> T:
        """What `reader` finds in the answer's data. Raises NetworkError."""
        caller = self._callers[publishes]
        headers = {"Authorization": f"Bearer {credentials['access_token']}"}
        url = f"{self._base_url}/{path}"
        answer = await caller.call("POST", url, publishes=publishes, headers=headers, **options)
        return caller.read(
            answer, lambda body: reader(data_of(answer, body, publishes=publishes)), publishes=publishes
        )


def _photos(work: Publication, audience: str) -> tuple[str, dict[str, Any]]:
    info = {
        "title": title_of(work.content, TITLE, length=utf16_length),
        "description": work.content,
        "privacy_level": audience,
    }
    source = {"source": PULL, "photo_images": list(work.media), "photo_cover_index": 0}
    return "content", {
        "media_type": "PHOTO",
        "post_mode": "DIRECT_POST",
        "post_info": info,
        "source_info": source,
    }


def _video(work: Publication, audience: str) -> tuple[str, dict[str, Any]]:
    """A video has no description: its title is the whole text, where hashtags and mentions work too."""
    return "video", {
        "post_info": {"title": work.content, "privacy_level": audience},
        "source_info": {"source": PULL, "video_url": work.media[0]},
    }


def _audience(creator: Mapping[str, Any]) -> str:
    """The widest audience that TikTok offers. Raises Refused where that is nobody."""
    offered = set(creator["privacy_level_options"])
    for audience in AUDIENCES:
        if audience in offered:
            return audience
    raise Refused(
        "TikTok would show the post only to its author. Make the account public there, then retry the post; "
        "if it is already public, ask the operator to have our app audited by TikTok.",
        advised=True,
    )


def _publish_id(begun: Mapping[str, Any]) -> str:
    publish_id = begun["publish_id"]
    if not isinstance(publish_id, str) or not publish_id:
        raise TypeError
    return publish_id


def _still_working() -> Working:
    working = Working("TikTok is still working on the post.", retry_after=WORKING_SECONDS)
    working.may_be_public = True
    return working


def _published(data: Mapping[str, Any]) -> Published | None:
    """A post is named only after moderation, up to hours later, and only if it is for everyone: else it has no id here,
    and so is not measured."""
    if data["status"] == FAILED:
        raise failed(str(data.get("fail_reason") or "no reason given"))
    if data["status"] != FINISHED:
        return None
    ids = data.get("publicaly_available_post_id") or [""]  # spelled so in the API
    return Published(str(ids[0]))


def _metrics(data: Mapping[str, Any]) -> Metrics | None:
    counts = next(iter(data["videos"]), None)
    if counts is None:
        return None
    return Metrics(
        views=int(counts.get("view_count", 0)),
        likes=int(counts.get("like_count", 0)),
        comments=int(counts.get("comment_count", 0)),
        shares=int(counts.get("share_count", 0)),
    )
