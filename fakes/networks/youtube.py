"""The part of YouTube's Data API that is used: resumable uploads, and statistics of videos."""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fakes.networks.media import VIDEOS
from fakes.networks.oauth import bearer, with_token
from fakes.networks.state import State

SESSION = "/youtube/upload/session/"
SEEN = {"uploaded", "processed"}
Upload = dict[str, Any]


def _complaint(status: int, reason: str, message: str) -> Response:
    error = {"code": status, "message": message, "errors": [{"reason": reason, "message": message}]}
    return JSONResponse({"error": error}, status)


def _rejection() -> Response:
    return _complaint(401, "authError", "Invalid Credentials")


def _unfit(request: Request, video: dict[str, Any]) -> Response | None:
    """What is wrong with a request for a session."""
    snippet, asked = video["snippet"], request.query_params
    title, description = snippet["title"], snippet["description"]
    if asked.get("uploadType") != "resumable" or asked.get("part") != "snippet,status":
        return _complaint(400, "missingRequiredParameter", "No filter selected, or no resumable upload")
    if not title.strip() or len(title) > 100 or re.search("[<>]", title):
        return _complaint(
            400, "invalidTitle", "The request metadata specifies an invalid or empty video title."
        )
    if len(description.encode()) > 5000 or re.search("[<>]", description):
        return _complaint(
            400, "invalidDescription", "The request metadata specifies an invalid video description."
        )
    if int(request.headers["x-upload-content-length"]) < 1:
        return _complaint(400, "mediaBodyRequired", "The request does not include the video content.")
    return None


class YouTube:
    """The endpoints."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def begin(self, request: Request) -> Response:
        video = await request.json()
        if unfit := _unfit(request, video):
            return unfit
        session = self._state.new_id()
        self._state.uploads[session] = {
            "size": int(request.headers["x-upload-content-length"]),
            "content": b"",
            "token": bearer(request),
            "about": video,
            "video": None,
        }
        address = f"{request.url.scheme}://{request.url.netloc}{SESSION}{session}"
        return Response(status_code=200, headers={"Location": address})

    async def put(self, request: Request) -> Response:
        upload = self._state.uploads.get(request.path_params["session"])
        if upload is None:
            return Response(status_code=404)
        if not self._may(bearer(request), upload):
            return _complaint(403, "forbidden", "The upload is another account's")
        if upload["video"] is None and (wrong := self._take(request, await request.body(), upload)):
            return wrong
        if len(upload["content"]) == upload["size"] and not self._state.fault("youtube", "STUCK", SESSION):
            upload["video"] = upload["video"] or self._complete(upload)
            return JSONResponse(upload["video"])
        received = len(upload["content"])
        ranges = {"Range": f"bytes=0-{received - 1}"} if received else {}
        return Response(status_code=308, headers=ranges)

    def _may(self, token: str, upload: Upload) -> bool:
        """With the token that began it, or one that was given in its place."""
        given = {renewal["access_token"] for renewal in self._state.renewals}
        return token == upload["token"] or token in given

    def _take(self, request: Request, body: bytes, upload: Upload) -> Response | None:
        """Of what was sent, what continues the upload; an answer where nothing does."""
        size, received = upload["size"], len(upload["content"])
        given = request.headers.get("content-range", f"bytes 0-{len(body) - 1}/{len(body)}")
        if given == f"bytes */{size}" and not body:
            return None
        if not body or given != f"bytes {received}-{received + len(body) - 1}/{size}":
            return _complaint(400, "badContentRange", f"{given} does not continue {received} of {size}")
        partial = self._state.fault("youtube", "PARTIAL", SESSION)
        upload["content"] += body[: len(body) // 2] if partial else body
        return None

    def _complete(self, upload: Upload) -> dict[str, Any]:
        """The video's resource. A public post where everybody sees it."""
        status = {"uploadStatus": "uploaded", **upload["about"]["status"], **self._state.video_status}
        if upload["content"] not in VIDEOS:
            status |= {"uploadStatus": "failed", "failureReason": "invalidFile"}
        seen = status["uploadStatus"] in SEEN and status["privacyStatus"] == "public"
        description = upload["about"]["snippet"]["description"]
        post = self._state.publish("youtube", upload["token"], description) if seen else None
        return {
            "kind": "youtube#video",
            "id": post.id if post else self._state.new_id(),
            "snippet": upload["about"]["snippet"],
            "status": status,
        }

    async def videos(self, request: Request) -> Response:
        post = self._state.post("youtube", request.query_params.get("id", ""))
        if post is None:
            return JSONResponse({"items": []})
        names = {"viewCount": "views", "likeCount": "likes", "commentCount": "comments"}
        statistics = {name: str(post.counts.get(ours, 0)) for name, ours in names.items()}
        return JSONResponse({"items": [{"id": post.id, "statistics": statistics}]})

    def routes(self) -> list[Route]:
        checked = with_token(self._state, _rejection)
        return [
            Route("/upload/youtube/v3/videos", checked(self.begin), methods=["POST"]),
            Route("/upload/session/{session}", checked(self.put), methods=["PUT"]),
            Route("/youtube/v3/videos", checked(self.videos)),
        ]
