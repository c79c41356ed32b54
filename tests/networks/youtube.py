"""The part of YouTube's Data API that is used: resumable uploads, and statistics of videos."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.networks.oauth import bearer, with_token
from tests.networks.state import State

SESSION = "/youtube/upload/session/"


def _complaint(status: int, reason: str, message: str) -> Response:
    error = {"code": status, "message": message, "errors": [{"reason": reason, "message": message}]}
    return JSONResponse({"error": error}, status)


def _rejection() -> Response:
    return _complaint(401, "authError", "Invalid Credentials")


class YouTube:
    """The endpoints."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def begin(self, request: Request) -> Response:
        snippet = (await request.json())["snippet"]
        if not snippet["title"] or len(snippet["title"]) > 100 or "<" in snippet["title"]:
            return _complaint(
                400, "invalidTitle", "The request metadata specifies an invalid or empty video title."
            )
        session = self._state.new_id()
        self._state.uploads[session] = {
            "size": int(request.headers["x-upload-content-length"]),
            "received": 0,
            "token": bearer(request),
            "text": snippet["description"],
            "video": None,
        }
        address = f"{request.url.scheme}://{request.url.netloc}{SESSION}{session}"
        return Response(status_code=200, headers={"Location": address})

    async def put(self, request: Request) -> Response:
        upload = self._state.uploads.get(request.path_params["session"])
        if upload is None:
            return Response(status_code=404)
        content = await request.body()
        span = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", request.headers.get("content-range", ""))
        if span and upload["video"] is None:
            first, last, _ = map(int, span.groups())
            if first != upload["received"] or last - first + 1 != len(content):
                return _complaint(400, "badContentRange", "The range does not continue what was received")
            partial = self._state.fault("youtube", "PARTIAL", SESSION)
            upload["received"] += len(content) // 2 if partial else len(content)
        if upload["received"] >= upload["size"] and upload["video"] is None:
            upload["video"] = self._state.publish("youtube", upload["token"], upload["text"])
        if upload["video"] is not None:
            return JSONResponse({"kind": "youtube#video", "id": upload["video"].id})
        ranges = {"Range": f"bytes=0-{upload['received'] - 1}"} if upload["received"] else {}
        return Response(status_code=308, headers=ranges)

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
