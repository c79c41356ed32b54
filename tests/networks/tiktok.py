"""The part of TikTok's Content Posting and Display APIs that is used: photos and videos, their status, their counts."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.networks.oauth import bearer, with_token
from tests.networks.state import State

OK = {"code": "ok", "message": "", "log_id": "1"}


def _answer(data: dict[str, Any]) -> Response:
    return JSONResponse({"data": data, "error": OK})


def _complaint(status: int, code: str, message: str) -> Response:
    return JSONResponse({"data": {}, "error": {"code": code, "message": message, "log_id": "1"}}, status)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _rejection() -> Response:
    return _complaint(401, "access_token_invalid", "The access token is invalid or not found")


class TikTok:
    """The endpoints."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def photos(self, request: Request) -> Response:
        body = await request.json()
        info, source = body["post_info"], body["source_info"]
        if body.get("media_type") != "PHOTO" or body.get("post_mode") != "DIRECT_POST":
            return _complaint(400, "invalid_params", "Only photos that are posted directly are known here")
        if (
            not 1 <= len(source["photo_images"]) <= 35
            or _units(info["title"]) > 90
            or _units(info["description"]) > 4000
        ):
            return _complaint(
                400, "invalid_params", "Too many photos, or the title or description is too long"
            )
        return self._begin(request, info, source, text=info["description"], prefix="p_pub_url")

    async def video(self, request: Request) -> Response:
        body = await request.json()
        info, source = body["post_info"], body["source_info"]
        if body.keys() - {"post_info", "source_info"} or not source.get("video_url"):
            return _complaint(400, "invalid_params", "A video has post_info and a source_info with video_url")
        if _units(info.get("title", "")) > 2200:
            return _complaint(400, "invalid_params", "The title is too long")
        return self._begin(request, info, source, text=info.get("title", ""), prefix="v_pub_url")

    def _begin(
        self, request: Request, info: dict[str, Any], source: dict[str, Any], *, text: str, prefix: str
    ) -> Response:
        if source.get("source") != "PULL_FROM_URL" or "privacy_level" not in info:
            return _complaint(400, "invalid_params", "It must be pulled from a URL, and say who may see it")
        publish_id = f"{prefix}~{self._state.new_id()}"
        token = bearer(request)
        failing = "unaudited" in token
        media = source.get("photo_images") or [source["video_url"]]
        self._state.publications[publish_id] = {
            "polls": self._state.preparing,
            "status": "FAILED" if failing else "PUBLISH_COMPLETE",
            "post": None if failing else self._state.publish("tiktok", token, text, media=media),
        }
        return _answer({"publish_id": publish_id})

    async def status(self, request: Request) -> Response:
        known = self._state.publications.get((await request.json())["publish_id"])
        if known is None:
            return _complaint(400, "invalid_publish_id", "The publish_id does not exist")
        if known["polls"] > 0:
            known["polls"] -= 1
            return _answer({"status": "PROCESSING_DOWNLOAD"})
        if known["status"] == "FAILED":
            return _answer({"status": "FAILED", "fail_reason": "spam_risk_user_banned_from_posting"})
        return _answer({"status": "PUBLISH_COMPLETE", "publicaly_available_post_id": [int(known["post"].id)]})

    async def query(self, request: Request) -> Response:
        ids = (await request.json())["filters"]["video_ids"]
        found = [post for post_id in ids if (post := self._state.post("tiktok", post_id))]
        names = {
            "view_count": "views",
            "like_count": "likes",
            "comment_count": "comments",
            "share_count": "shares",
        }
        videos = [
            {"id": post.id} | {name: post.counts.get(ours, 0) for name, ours in names.items()}
            for post in found
        ]
        return _answer({"videos": videos})

    def routes(self) -> list[Route]:
        checked = with_token(self._state, _rejection)
        return [
            Route("/v2/post/publish/content/init/", checked(self.photos), methods=["POST"]),
            Route("/v2/post/publish/video/init/", checked(self.video), methods=["POST"]),
            Route("/v2/post/publish/status/fetch/", checked(self.status), methods=["POST"]),
            Route("/v2/video/query/", checked(self.query), methods=["POST"]),
        ]
