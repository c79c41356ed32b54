"""The part of TikTok's Content Posting and Display APIs that is used: what a creator may do, photos and videos, their
status, their counts. What is not in TikTok's documents is refused."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fakes.networks.oauth import bearer, with_token
from fakes.networks.state import State

OK = {"code": "ok", "message": "", "log_id": "1"}
SWITCHES = {"disable_comment", "brand_content_toggle", "brand_organic_toggle"}
PHOTO_INFO = SWITCHES | {"title", "description", "privacy_level", "auto_add_music"}
VIDEO_INFO = SWITCHES | {
    "title",
    "privacy_level",
    "disable_duet",
    "disable_stitch",
    "video_cover_timestamp_ms",
    "is_aigc",
}
TITLE, DESCRIPTION, VIDEO_TITLE, MOST_PHOTOS = 90, 4000, 2200, 35
COUNTS = {"view_count": "views", "like_count": "likes", "comment_count": "comments", "share_count": "shares"}


class Wrong(Exception):
    """What is wrong with a request: a status, a code and a message."""

    def __init__(self, message: str, code: str = "invalid_params", status: int = 400) -> None:
        self.answer = _complaint(status, code, message)
        super().__init__(message)


def _answer(data: dict[str, Any]) -> Response:
    return JSONResponse({"data": data, "error": OK})


def _complaint(status: int, code: str, message: str) -> Response:
    return JSONResponse({"data": {}, "error": {"code": code, "message": message, "log_id": "1"}}, status)


def _rejection() -> Response:
    return _complaint(401, "access_token_invalid", "The access token is invalid or not found")


def _needs(right: bool, message: str) -> None:
    if not right:
        raise Wrong(message)


def _short(info: dict[str, Any], field: str, longest: int) -> None:
    """TikTok counts in units of UTF-16."""
    units = len(info.get(field, "").encode("utf-16-le")) // 2
    _needs(units <= longest, f"The {field} is too long")


def _check_photos(body: dict[str, Any]) -> None:
    fields = {"media_type", "post_mode", "post_info", "source_info"}
    _needs(body.keys() == fields, "Photos have a media_type, a post_mode, a post_info and a source_info")
    direct = (body["media_type"], body["post_mode"]) == ("PHOTO", "DIRECT_POST")
    _needs(direct, "Only photos that are posted directly are known here")
    info, source = body["post_info"], body["source_info"]
    _short(info, "title", TITLE)
    _short(info, "description", DESCRIPTION)
    _check(info, PHOTO_INFO, source, {"source", "photo_images", "photo_cover_index"}, source["photo_images"])
    _needs(1 <= len(source["photo_images"]) <= MOST_PHOTOS, "No photos, or too many")
    cover = source["photo_cover_index"]
    _needs(cover in range(len(source["photo_images"])), "photo_cover_index is out of range")


def _check_video(body: dict[str, Any]) -> None:
    _needs(body.keys() == {"post_info", "source_info"}, "A video has a post_info and a source_info")
    info, source = body["post_info"], body["source_info"]
    _short(info, "title", VIDEO_TITLE)
    _check(info, VIDEO_INFO, source, {"source", "video_url"}, [source.get("video_url", "")])


def _check(
    info: dict[str, Any], known: set[str], source: dict[str, Any], needed: set[str], urls: list[str]
) -> None:
    unknown = info.keys() - known
    _needs(not unknown, f"post_info has no {sorted(unknown)}")
    _needs(source.keys() == needed, f"source_info has exactly {sorted(needed)}")
    _needs(source["source"] == "PULL_FROM_URL", "Only what is pulled from a URL is known here")
    _needs(
        all(urlsplit(url).scheme in {"http", "https"} and urlsplit(url).hostname for url in urls), "No URL"
    )


class TikTok:
    """The endpoints."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def creator(self, _: Request) -> Response:
        switches = {"comment_disabled": False, "duet_disabled": False, "stitch_disabled": False}
        offered = {"privacy_level_options": self._state.audiences, "max_video_post_duration_sec": 300}
        return _answer({"creator_username": "kim", "creator_nickname": "Kim"} | offered | switches)

    async def photos(self, request: Request) -> Response:
        body = await request.json()
        try:
            _check_photos(body)
            media = body["source_info"]["photo_images"]
            return self._begin(request, body["post_info"], "description", media, prefix="p_pub_url")
        except Wrong as wrong:
            return wrong.answer

    async def video(self, request: Request) -> Response:
        body = await request.json()
        try:
            _check_video(body)
            media = [body["source_info"]["video_url"]]
            return self._begin(request, body["post_info"], "title", media, prefix="v_pub_url")
        except Wrong as wrong:
            return wrong.answer

    def _begin(
        self, request: Request, info: dict[str, Any], says: str, media: list[str], *, prefix: str
    ) -> Response:
        _needs("privacy_level" in info, "It must say who may see it")
        if info["privacy_level"] not in self._state.audiences:
            raise Wrong("The creator may not choose it", "privacy_level_option_mismatch", 403)
        publish_id = f"{prefix}~{self._state.new_id()}"
        failure = self._failure(bearer(request))
        self._state.publications[publish_id] = {
            "polls": self._state.preparing,
            "moderating": self._state.moderating,
            "failure": failure,
            "post": None if failure else self._publish(request, info, info.get(says, ""), media),
        }
        return _answer({"publish_id": publish_id})

    def _failure(self, token: str) -> str | None:
        """Why the publication will fail."""
        if "unaudited" in token:
            return "spam_risk_user_banned_from_posting"
        return self._state.fail_reasons.pop(0) if self._state.fail_reasons else None

    def _publish(self, request: Request, info: dict[str, Any], text: str, media: list[str]) -> str:
        post = self._state.publish("tiktok", bearer(request), text, media=media)
        post.audience = info["privacy_level"]
        return post.id

    async def status(self, request: Request) -> Response:
        known = self._state.publications.get((await request.json())["publish_id"])
        if known is None:
            return _complaint(400, "invalid_publish_id", "The publish_id does not exist")
        if known["polls"] > 0:
            known["polls"] -= 1
            return _answer({"status": "PROCESSING_DOWNLOAD"})
        if known["failure"]:
            return _answer({"status": "FAILED", "fail_reason": known["failure"]})
        known["moderating"] -= 1
        ids = [] if known["moderating"] >= 0 else [int(known["post"])]
        return _answer({"status": "PUBLISH_COMPLETE", "publicaly_available_post_id": ids})

    async def query(self, request: Request) -> Response:
        ids = (await request.json())["filters"]["video_ids"]
        found = [post for post_id in ids if (post := self._state.post("tiktok", post_id))]
        videos = [
            {"id": post.id} | {name: post.counts.get(ours, 0) for name, ours in COUNTS.items()}
            for post in found
        ]
        return _answer({"videos": videos})

    def routes(self) -> list[Route]:
        checked = with_token(self._state, _rejection)
        return [
            Route("/v2/post/publish/creator_info/query/", checked(self.creator), methods=["POST"]),
            Route("/v2/post/publish/content/init/", checked(self.photos), methods=["POST"]),
            Route("/v2/post/publish/video/init/", checked(self.video), methods=["POST"]),
            Route("/v2/post/publish/status/fetch/", checked(self.status), methods=["POST"]),
            Route("/v2/video/query/", checked(self.query), methods=["POST"]),
        ]
