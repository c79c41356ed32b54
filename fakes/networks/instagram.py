"""The part of Instagram's Graph API that publishes: containers, their status, media_publish, media and their counts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fakes.networks.oauth import form_of, with_token
from fakes.networks.state import PublicPost, State

MAX_CAPTION, MAX_HASHTAGS = 2200, 30
SAID = {
    "IN_PROGRESS": "In Progress: Media is still being processed.",
    "FINISHED": "Finished: Media has been uploaded and it is ready to be published.",
    "ERROR": "Error: Media upload has failed with error code 2207026",
    "EXPIRED": "Expired: The container was not published within 24 hours.",
    "PUBLISHED": "Published: Media has been already published.",
}


def _complaint(status: int, code: int, message: str, subcode: int | None = None) -> Response:
    error: dict[str, object] = {"message": message, "type": "OAuthException", "code": code}
    return JSONResponse({"error": error | ({"error_subcode": subcode} if subcode else {})}, status)


def _rejection() -> Response:
    return _complaint(400, 190, "Error validating access token: Session has expired.")


def _shown(post: PublicPost) -> dict[str, object]:
    return {
        "id": post.id,
        "caption": post.content,
        "permalink": f"https://instagram.test/p/{post.id}",
        "timestamp": datetime.fromtimestamp(post.at, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000"),
        "like_count": post.counts.get("likes", 0),
        "comments_count": post.counts.get("comments", 0),
    }


def _asked(request: Request, node: Mapping[str, object]) -> dict[str, object]:
    """Nothing but the id is shown to who does not name it."""
    names = ["id", *request.query_params.get("fields", "").split(",")]
    return {name: node[name] for name in names if name in node}


class Instagram:
    """The endpoints."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def create(self, request: Request) -> Response:
        form, user = await form_of(request), request.path_params["user"]
        if refused := self._refusal(form, user):
            return refused
        container = f"c{self._state.new_id()}"
        self._state.containers[container] = {
            "user": user,
            "caption": form.get("caption", ""),
            "status": "IN_PROGRESS" if self._state.preparing else self._state.prepared_as,
            "polls": self._state.preparing,
            "child": form.get("is_carousel_item") == "true",
        }
        return JSONResponse({"id": container})

    def _refusal(self, form: Mapping[str, str], user: str) -> Response | None:
        kind, caption = form.get("media_type", "IMAGE"), form.get("caption", "")
        needed = {"IMAGE": "image_url", "REELS": "video_url", "CAROUSEL": "children"}.get(kind)
        if needed is None or not form.get(needed):
            return _complaint(400, 100, f"The parameter {needed} is required")
        if len(caption) > MAX_CAPTION or len(re.findall(r"(?<!\w)#\w", caption)) > MAX_HASHTAGS:
            return _complaint(400, 36004, "The caption is too long", 2207010)
        if kind == "CAROUSEL" and not self._are_children(form["children"].split(","), user):
            return _complaint(400, 100, "A carousel has 2 to 10 children of the user's", 2207028)
        return None

    def _are_children(self, names: list[str], user: str) -> bool:
        found = [self._state.containers.get(name) for name in names]
        return 2 <= len(found) <= 10 and all(c and c["child"] and c["user"] == user for c in found)

    async def publish(self, request: Request) -> Response:
        container = self._publishable(await form_of(request), request.path_params["user"])
        if container is None:
            return _complaint(400, 24, "The requested resource does not exist", 2207006)
        if container["status"] == "PUBLISHED":
            return _complaint(400, 100, "Invalid parameter: this media was published")
        if container["status"] != "FINISHED":
            return _complaint(400, 9007, "Media ID is not available: it is not ready", 2207027)
        container["status"] = "PUBLISHED"
        post = self._state.publish("instagram", container["user"], container["caption"])
        if self._state.says_blocked:
            return _complaint(400, 4, "Application request limit reached: action is blocked", 2207051)
        return JSONResponse({"id": post.id})

    def _publishable(self, form: Mapping[str, str], user: str) -> dict[str, Any] | None:
        """A container of this user's that is a post by itself."""
        container = self._state.containers.get(form.get("creation_id", ""))
        return container if container and container["user"] == user and not container["child"] else None

    async def listing(self, request: Request) -> Response:
        user = request.path_params["user"]
        found = [
            post
            for post in self._state.posts
            if post.network == "instagram" and post.account == user and not post.gone
        ]
        found.sort(key=lambda post: post.at, reverse=True)
        return JSONResponse({"data": [_asked(request, _shown(post)) for post in found][:50]})

    async def node(self, request: Request) -> Response:
        name = request.path_params["node"]
        if container := self._state.containers.get(name):
            status = self._looked_at(container)
            shown = {"id": name, "status_code": status, "status": SAID[status]}
            return JSONResponse(_asked(request, shown))
        post = self._state.post("instagram", name)
        if post is None:
            return _complaint(
                400, 100, f"Unsupported get request. Object with ID '{name}' does not exist", 33
            )
        return JSONResponse(_asked(request, _shown(post)))

    def _looked_at(self, container: dict[str, Any]) -> str:
        """Its status, which each look brings nearer to its end."""
        if container["status"] == "IN_PROGRESS":
            container["polls"] -= 1
            container["status"] = self._state.prepared_as if container["polls"] <= 0 else "IN_PROGRESS"
        return str(container["status"])

    def routes(self) -> list[Route]:
        checked = with_token(self._state, _rejection)
        return [
            Route("/{user}/media", checked(self.create), methods=["POST"]),
            Route("/{user}/media", checked(self.listing)),
            Route("/{user}/media_publish", checked(self.publish), methods=["POST"]),
            Route("/{node}", checked(self.node)),
        ]
