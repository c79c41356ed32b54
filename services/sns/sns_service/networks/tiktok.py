"""TikTok's Content Posting API: photos, or a video, that TikTok fetches. Once begun, a publication is known by its
publish_id only: if the answer that would have named it got lost, nobody can tell whether there is one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import httpx

from sns_service.networks.http import DEFAULT_WAIT, Caller, retry_after
from sns_service.networks.network import (
    Busy,
    CannotTell,
    FailedThere,
    Metrics,
    NetworkError,
    NoAnswer,
    Publication,
    Published,
    Refused,
    Unavailable,
)
from sns_service.posts.rules import TIKTOK_TITLE, media_kind, title_of, utf16_length

T = TypeVar("T")
POLLS: Final = 5
POLL_SECONDS: Final = 0.5
PRIVACY: Final = "PUBLIC_TO_EVERYONE"
PULL: Final = "PULL_FROM_URL"
NOT_ALLOWED: Final = "scope_not_authorized"
"""It is a 401, but the user did not grant the right to publish: another token would have no more of it."""
NOT_OURS: Final = "url_ownership_unverified"
"""TikTok fetches only from domains that were verified for our app."""
FINISHED, FAILED = "PUBLISH_COMPLETE", "FAILED"


class TikTok:
    """One adapter for every account."""

    def __init__(self, http: httpx.AsyncClient, *, base_url: str) -> None:
        self._caller = Caller(http, "TikTok", lambda answer: _complaint(answer.json()["error"]), _by_code)
        self._base_url = f"{base_url.rstrip('/')}/v2"

    async def publish(self, work: Publication) -> Published:
        """Begin, keep the publish_id, and wait a little for the end; later tries only wait on."""
        if "publish_id" not in work.progress:
            moving = any(media_kind(url) == "video" for url in work.media)
            kind, body = _video(work) if moving else _photos(work)
            begun = await self._call(
                f"post/publish/{kind}/init/",
                work.credentials,
                lambda data: str(data["publish_id"]),
                json=body,
                publishes=True,
            )
            await work.keep(publish_id=begun)
        for _ in range(POLLS):
            if found := await self._outcome(work):
                return found
            await asyncio.sleep(POLL_SECONDS)
        raise NoAnswer("TikTok is still working on the post.")

    async def find(self, work: Publication) -> Published | None:
        """The publication's status."""
        if "publish_id" not in work.progress:
            raise CannotTell(
                "TikTok was asked to publish, and its answer got lost; it offers no way to look that up."
            )
        found = await self._outcome(work)
        if found is None:
            raise Unavailable("TikTok is still working on the post.")
        return found

    async def measure(self, credentials: Mapping[str, str], network_id: str) -> Metrics | None:
        """Views, likes, comments and shares."""
        fields = {"fields": "id,view_count,like_count,comment_count,share_count"}
        wanted = {"filters": {"video_ids": [network_id]}}
        return await self._call("video/query/", credentials, _metrics, params=fields, json=wanted)

    async def _outcome(self, work: Publication) -> Published | None:
        """None while TikTok works on it. Raises FailedThere where TikTok failed."""
        body = {"publish_id": work.progress["publish_id"]}
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
        """What `reader` finds in the answer's data."""
        headers = {"Authorization": f"Bearer {credentials['access_token']}"}
        url = f"{self._base_url}/{path}"
        answer = await self._caller.call("POST", url, publishes=publishes, headers=headers, **options)
        return self._caller.read(answer, lambda body: reader(_data(body)), publishes=publishes)


def _photos(work: Publication) -> tuple[str, dict[str, Any]]:
    info = {
        "title": title_of(work.content, TIKTOK_TITLE, length=utf16_length),
        "description": work.content,
        "privacy_level": PRIVACY,
    }
    source = {"source": PULL, "photo_images": list(work.media), "photo_cover_index": 0}
    return "content", {
        "media_type": "PHOTO",
        "post_mode": "DIRECT_POST",
        "post_info": info,
        "source_info": source,
    }


def _video(work: Publication) -> tuple[str, dict[str, Any]]:
    """A video has no description: its title is the whole text, where hashtags and mentions work too."""
    return "video", {
        "post_info": {"title": work.content, "privacy_level": PRIVACY},
        "source_info": {"source": PULL, "video_url": work.media[0]},
    }


def _complaint(error: Mapping[str, Any]) -> str:
    return f"{error['code']}: {error.get('message', '')}"


def _data(body: Mapping[str, Any]) -> dict[str, Any]:
    if body["error"]["code"] != "ok":  # TikTok also says so with status 200
        raise Refused(f"TikTok: {_complaint(body['error'])}")
    data: dict[str, Any] = body["data"]
    return data


def _by_code(answer: httpx.Response, said: str) -> NetworkError | None:
    code = answer.json()["error"]["code"]
    if code in {"rate_limit_exceeded", "spam_risk_too_many_posts", "spam_risk_too_many_pending_share"}:
        wait = retry_after(answer) if "retry-after" in answer.headers else DEFAULT_WAIT
        return Busy(said, retry_after=wait)
    if code == NOT_ALLOWED:
        return Refused(said, code="credentials_rejected")
    if code == NOT_OURS:
        return Refused(said, code="media_refused")
    return None


def _published(data: Mapping[str, Any]) -> Published | None:
    if data["status"] == FAILED:
        raise FailedThere(f"TikTok could not publish it: {data.get('fail_reason', 'no reason given')}")
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
