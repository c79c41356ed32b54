"""The part of X's API v2 that is used: posts, media uploads, an account's posts, their counts. As X does it, texts are
shown with short links and HTML entities, and a text that the account has just posted is refused."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import message_from_bytes
from html import escape
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fakes.networks.oauth import bearer, with_token
from fakes.networks.state import PublicPost, State

ABOUT_BLANK = "about:blank"
PROBLEMS = "https://api.twitter.com/2/problems"
MOST_PICTURES, MOST_BYTES, MOST_SEGMENT = 4, 5 * 1024 * 1024, 5 * 1024 * 1024
LINK = re.compile(r"https?://\S+")
LONGEST, LINK_LENGTH = 280, 23
COUNTS = {
    "impression_count": "views",
    "like_count": "likes",
    "reply_count": "comments",
    "retweet_count": "shares",
    "quote_count": "quotes",
}


def problem(status: int, title: str, detail: str, kind: str = ABOUT_BLANK, **more: Any) -> Response:
    body = {"title": title, "detail": detail, "type": kind, "status": status} | more
    return JSONResponse(body, status, media_type="application/problem+json")


def _invalid(message: str) -> Response:
    errors = [{"parameters": {}, "message": message}]
    detail = "One or more parameters to your request was invalid."
    return problem(400, "Invalid Request", detail, f"{PROBLEMS}/invalid-request", errors=errors)


def _rejection() -> Response:
    return problem(401, "Unauthorized", "Unauthorized")


def shown(post: PublicPost) -> dict[str, Any]:
    """As X lists it: each link is a short one, the pictures are a link at the end."""
    links = [
        (found.group(), f"https://t.co/{place}") for place, found in enumerate(LINK.finditer(post.content))
    ]
    text = post.content
    for long, short in links:
        text = text.replace(long, short, 1)
    urls = [{"url": short, "expanded_url": long} for long, short in links]
    more: dict[str, Any] = {}
    if post.media:
        picture = f"https://t.co/pic{post.id}"
        text = f"{text} {picture}"
        urls.append({"url": picture, "expanded_url": f"https://x.com/kim/status/{post.id}/photo/1"})
        more["attachments"] = {"media_keys": post.media}
    when = datetime.fromtimestamp(post.at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    entities = {"entities": {"urls": urls}} if urls else {}
    return {"id": post.id, "text": escape(text, quote=False), "created_at": when} | entities | more


def _length(text: str) -> int:
    """Without emoji that are made of several: of Latin one each, of everything else two, and a link is 23."""
    return sum(1 if ord(letter) < 0x1100 else 2 for letter in LINK.sub("x" * LINK_LENGTH, text))


def _parts(kind: str, body: bytes) -> dict[str, bytes]:
    """The parts of a multipart body, by their names."""
    message = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
    found = {}
    for part in message.walk():
        if name := part.get_param("name", header="content-disposition"):
            payload: Any = part.get_payload(decode=True)
            found[str(name)] = bytes(payload)
    return found


class Twitter:
    """The endpoints, without those of uploads."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def create(self, request: Request) -> Response:
        body = await request.json()
        if unknown := body.keys() - {"text", "media"}:
            return _invalid(f"[{sorted(unknown)}] is no field of a post")
        text, media = body.get("text", ""), body.get("media", {}).get("media_ids", [])
        if _length(text) > LONGEST or not (text or media):
            return _invalid("Your post has no text, or one that is too long.")
        if len(media) > MOST_PICTURES or not all(self._is_ready(one) for one in media):
            return _invalid("Your media IDs are invalid.")
        user = self._user(request)
        if any(post.content == text for post in self._of(user)):
            return problem(403, "Forbidden", "You are not allowed to create a Tweet with duplicate content.")
        keys = [f"3_{one}" for one in media]
        post = self._state.publish("twitter", user, text, media=keys)
        return JSONResponse({"data": {"id": post.id, "text": shown(post)["text"]}}, 201)

    def _is_ready(self, media_id: str) -> bool:
        upload = self._state.pictures.get(media_id)
        return bool(upload and upload["finalized"] and upload["polls"] <= 0)

    def _user(self, request: Request) -> str:
        """`another` is another user's token, and every other one the same user's."""
        return str(7 + (bearer(request) == "another"))

    def _of(self, user: str) -> list[PublicPost]:
        found = [post for post in self._state.posts if post.network == "twitter" and post.account == user]
        return [post for post in found if not post.gone]

    async def me(self, request: Request) -> Response:
        return JSONResponse({"data": {"id": self._user(request), "name": "Kim", "username": "kim"}})

    async def listing(self, request: Request) -> Response:
        asked = request.query_params
        most = int(asked.get("max_results", "10"))
        start = datetime.fromisoformat(asked["start_time"]) if "start_time" in asked else None
        if not 5 <= most <= 100 or request.path_params["user"] != self._user(request):
            return _invalid("max_results is between 5 and 100")
        posts = [
            post
            for post in sorted(
                self._of(request.path_params["user"]), key=lambda post: int(post.id), reverse=True
            )
            if not self._state.listing_lags and (start is None or post.at >= start.timestamp())
        ]
        first = int(asked.get("pagination_token", "0"))
        page = posts[first : first + most]
        meta: dict[str, Any] = {"result_count": len(page)}
        if first + most < len(posts):
            meta["next_token"] = str(first + most)
        data = {"data": [self._asked(request, shown(post)) for post in page]} if page else {}
        return JSONResponse(data | {"meta": meta})

    def _asked(self, request: Request, tweet: dict[str, Any]) -> dict[str, Any]:
        """Beside the id and the text, fields that are asked for."""
        names = {"id", "text", *request.query_params.get("tweet.fields", "").split(",")}
        return {name: value for name, value in tweet.items() if name in names}

    async def lookup(self, request: Request) -> Response:
        wanted = request.query_params.get("ids", "")
        post = self._state.post("twitter", wanted)
        if post is None:
            gone = {"title": "Not Found Error", "type": f"{PROBLEMS}/resource-not-found", "value": wanted}
            return JSONResponse(
                {"errors": [gone | {"detail": f"Could not find tweet with ids: [{wanted}]."}]}
            )
        metrics = {name: post.counts.get(ours, 0) for name, ours in COUNTS.items()}
        return JSONResponse({"data": [shown(post) | {"public_metrics": metrics}]})

    def routes(self) -> list[Route]:
        checked = with_token(self._state, _rejection)
        uploads = Uploads(self._state)
        return [
            Route("/2/tweets", checked(self.create), methods=["POST"]),
            Route("/2/tweets", checked(self.lookup)),
            Route("/2/users/me", checked(self.me)),
            Route("/2/users/{user}/tweets", checked(self.listing)),
            Route("/2/media/upload/initialize", checked(uploads.initialize), methods=["POST"]),
            Route("/2/media/upload/{upload}/append", checked(uploads.append), methods=["POST"]),
            Route("/2/media/upload/{upload}/finalize", checked(uploads.finalize), methods=["POST"]),
            Route("/2/media/upload", checked(uploads.status)),
        ]


class Uploads:
    """The endpoints of the chunked upload."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def initialize(self, request: Request) -> Response:
        body = await request.json()
        if body.keys() != {"media_type", "total_bytes", "media_category"}:
            return _invalid("An upload has a media_type, total_bytes and a media_category")
        picture = body["media_type"] in {"image/jpeg", "image/png", "image/webp"}
        if (
            body["media_category"] != "tweet_image"
            or not picture
            or not 0 < body["total_bytes"] <= MOST_BYTES
        ):
            return _invalid("Only pictures of up to 5 MB are known here")
        upload = self._state.new_id()
        self._state.pictures[upload] = {
            "size": body["total_bytes"],
            "parts": [],
            "finalized": False,
            "polls": self._state.preparing,
        }
        data = {"id": upload, "media_key": f"3_{upload}", "expires_after_secs": 86400}
        return JSONResponse({"data": data})

    async def append(self, request: Request) -> Response:
        upload = self._state.pictures.get(request.path_params["upload"])
        form = _parts(request.headers["content-type"], await request.body())
        content, place = form["media"], int(form["segment_index"])
        if upload is None or place != len(upload["parts"]) or not 0 < len(content) <= MOST_SEGMENT:
            return _invalid("The segment does not continue the upload")
        upload["parts"].append(content)
        return JSONResponse({"data": {"expires_at": 2_000_000_000}})

    async def finalize(self, request: Request) -> Response:
        upload = self._state.pictures.get(request.path_params["upload"])
        if upload is None or sum(map(len, upload["parts"])) != upload["size"]:
            return _invalid("The upload is not complete")
        upload["finalized"] = True
        return self._shown(request.path_params["upload"], upload)

    async def status(self, request: Request) -> Response:
        media_id = request.query_params.get("media_id", "")
        upload = self._state.pictures.get(media_id)
        if upload is None or request.query_params.get("command") != "STATUS":
            return _invalid("There is no such upload")
        upload["polls"] -= 1
        return self._shown(media_id, upload)

    def _shown(self, media_id: str, upload: dict[str, Any]) -> Response:
        data = {"id": media_id, "media_key": f"3_{media_id}", "size": upload["size"]}
        if self._state.preparing or self._state.prepared_as == "ERROR":
            failed = self._state.prepared_as == "ERROR"
            state = "failed" if failed else ("in_progress" if upload["polls"] > 0 else "succeeded")
            about: dict[str, Any] = {"state": state, "check_after_secs": 0}
            if failed:
                about["error"] = {"code": 1, "name": "InvalidMedia", "message": "Unsupported image"}
            data["processing_info"] = about
        return JSONResponse({"data": data})
