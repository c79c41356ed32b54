"""The part of Instagram's Graph API that publishes: containers, their status, media_publish, media and their counts."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.networks.oauth import form_of, with_token
from tests.networks.state import PublicPost, State


def _complaint(status: int, code: int, message: str) -> Response:
    return JSONResponse({"error": {"message": message, "type": "OAuthException", "code": code}}, status)


def _shown(post: PublicPost) -> dict[str, object]:
    return {
        "id": post.id,
        "caption": post.content,
        "permalink": f"https://instagram.test/p/{post.id}",
        "like_count": post.counts.get("likes", 0),
        "comments_count": post.counts.get("comments", 0),
    }


def _rejection() -> Response:
    return _complaint(400, 190, "Error validating access token: Session has expired.")


class Instagram:
    """The endpoints."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def create(self, request: Request) -> Response:
        form = await form_of(request)
        kind = form.get("media_type", "IMAGE")
        needed = {"IMAGE": "image_url", "REELS": "video_url", "CAROUSEL": "children"}.get(str(kind))
        if needed is None or not form.get(needed):
            return _complaint(400, 100, f"The parameter {needed} is required")
        if kind == "CAROUSEL" and not 2 <= len(str(form["children"]).split(",")) <= 10:
            return _complaint(400, 100, "A carousel has 2 to 10 children")
        container = f"c{self._state.new_id()}"
        self._state.containers[container] = {
            "user": request.path_params["user"],
            "caption": form.get("caption", ""),
            "status": "IN_PROGRESS" if self._state.preparing else "FINISHED",
            "polls": self._state.preparing,
        }
        return JSONResponse({"id": container})

    async def publish(self, request: Request) -> Response:
        container = self._state.containers.get(str((await form_of(request)).get("creation_id")))
        if container is None or container["status"] == "PUBLISHED":
            return _complaint(400, 100, "Invalid parameter: this media was published or does not exist")
        if container["status"] != "FINISHED":
            return _complaint(400, 9007, "Media ID is not available: the media is not ready to be published")
        container["status"] = "PUBLISHED"
        post = self._state.publish("instagram", request.path_params["user"], container["caption"])
        return JSONResponse({"id": post.id})

    async def listing(self, request: Request) -> Response:
        user = request.path_params["user"]
        found = [
            post
            for post in self._state.posts
            if post.network == "instagram" and post.account == user and not post.gone
        ]
        return JSONResponse({"data": [_shown(post) for post in reversed(found)][:50]})

    async def node(self, request: Request) -> Response:
        name = request.path_params["node"]
        if container := self._state.containers.get(name):
            if container["status"] == "IN_PROGRESS":
                container["polls"] -= 1
                container["status"] = "FINISHED" if container["polls"] <= 0 else "IN_PROGRESS"
            return JSONResponse({"id": name, "status_code": container["status"]})
        post = self._state.post("instagram", name)
        if post is None:
            return _complaint(400, 100, f"Unsupported get request. Object with ID '{name}' does not exist")
        return JSONResponse(_shown(post))

    def routes(self) -> list[Route]:
        checked = with_token(self._state, _rejection)
        return [
            Route("/{user}/media", checked(self.create), methods=["POST"]),
            Route("/{user}/media", checked(self.listing)),
            Route("/{user}/media_publish", checked(self.publish), methods=["POST"]),
            Route("/{node}", checked(self.node)),
        ]
