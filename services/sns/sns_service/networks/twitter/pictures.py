"""Pictures for posts at X: its chunked upload, since a picture is sent from here and not fetched by X.

`initialize` names the upload, `append` takes its parts, `finalize` ends it, and says when to look whether it is ready.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import httpx

from shared.schemas.dates import utcnow
from sns_service.networks.errors import FailedThere, Working
from sns_service.networks.http import Caller, ConcurrencyLimit
from sns_service.networks.network import Publication
from sns_service.networks.sources import picture, refused

PICTURE_BYTES: Final = 5 * 1024 * 1024
SEGMENT_BYTES: Final = 1024 * 1024
TYPES: Final = {"image/jpeg", "image/png", "image/webp"}
UPLOADS, UPLOADS_OF_ONE = 20, 3
"""Posts whose pictures a worker holds in memory at a time, of all accounts and of one."""
POLLS: Final = 3
LONGEST_POLL: Final = 2.0
WORKING_SECONDS: Final = 10.0
SPARE: Final = timedelta(minutes=10)
"""Pictures that X forgets sooner are sent again."""


class Uploaded(NamedTuple):
    """A picture that X has. `key` is what a post names that shows it."""

    id: str
    key: str
    expires_in: float


class Uploads:
    """Sends posts' pictures to X."""

    def __init__(self, http: httpx.AsyncClient, caller: Caller, *, base_url: str) -> None:
        self._http = http
        self._caller = caller
        self._url = f"{base_url}/2/media/upload"
        self._places = ConcurrencyLimit(most=UPLOADS, of_one=UPLOADS_OF_ONE)

    async def of(self, work: Publication) -> list[str]:
        """The ids of the post's pictures, kept since an earlier attempt or sent now. Raises NetworkError."""
        if not work.media:
            return []
        until = work.progress.get("media_until")
        if until and datetime.fromisoformat(until) > utcnow():
            return list(work.progress["media"])
        with self._places.place(work.credentials["access_token"]):
            sent = [await self._send(url, work.credentials) for url in work.media]
        expiry = utcnow() + timedelta(seconds=min(one.expires_in for one in sent)) - SPARE
        ids, keys = [one.id for one in sent], [one.key for one in sent]
        known = work.progress.get("media_keys", [])
        await work.keep(media=ids, media_keys=[*known, *keys], media_until=expiry.isoformat())
        return ids

    async def _send(self, url: str, credentials: Mapping[str, str]) -> Uploaded:
        content, kind = await picture(self._http, url, most=PICTURE_BYTES)
        kind = kind or _kind_of(content)
        if kind not in TYPES:
            raise refused(f"X accepts pictures as JPEG, PNG or WebP, and this is {kind or 'something else'}")
        about = {"media_type": kind, "total_bytes": len(content), "media_category": "tweet_image"}
        answer = await self._call("POST", "/initialize", credentials, json=about)
        upload = self._caller.read(answer, _uploaded)
        for place, start in enumerate(range(0, len(content), SEGMENT_BYTES)):
            part = ("part", content[start : start + SEGMENT_BYTES], "application/octet-stream")
            options = {"data": {"segment_index": str(place)}, "files": {"media": part}}
            await self._call("POST", f"/{upload.id}/append", credentials, **options)
        answer = await self._call("POST", f"/{upload.id}/finalize", credentials)
        await self._ready(upload.id, credentials, self._caller.read(answer, _processing))
        return upload

    async def _ready(self, media_id: str, credentials: Mapping[str, str], state: Mapping[str, Any]) -> None:
        """Wait a little until X has looked at the picture. Raises Working or FailedThere."""
        for _ in range(POLLS):
            if state.get("state", "succeeded") == "succeeded":
                return
            if state["state"] == "failed":
                why = str(state.get("error", {}).get("message") or "it does not say why")
                raise FailedThere(f"X could not use the picture: {why}"[:300], code="media_refused")
            await asyncio.sleep(min(float(state.get("check_after_secs", 1)), LONGEST_POLL))
            wanted = {"command": "STATUS", "media_id": media_id}
            answer = await self._call("GET", "", credentials, params=wanted)
            state = self._caller.read(answer, _processing)
        raise Working("X is still preparing the pictures.", retry_after=WORKING_SECONDS)

    async def _call(
        self, method: str, path: str, credentials: Mapping[str, str], **options: Any
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {credentials['access_token']}"}
        return await self._caller.call(method, f"{self._url}{path}", headers=headers, **options)


def _kind_of(content: bytes) -> str:
    """By its first bytes, where its address says no type."""
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    return "image/webp" if content[:4] == b"RIFF" and content[8:12] == b"WEBP" else ""


def _uploaded(body: Mapping[str, Any]) -> Uploaded:
    data = body["data"]
    return Uploaded(str(data["id"]), str(data["media_key"]), float(data["expires_after_secs"]))


def _processing(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Empty where the media is ready at once."""
    state: Mapping[str, Any] = body["data"].get("processing_info") or {}
    return {} if not state else {**state, "state": str(state["state"])}
