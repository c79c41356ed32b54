"""The part of the WordPress REST API that publishes: /wp-json/wp/v2/posts and /comments, with application passwords."""

from __future__ import annotations

import base64
import json

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fakes.networks.state import PublicPost, State

KNOWN = {"title", "content", "slug", "status"}


def _complaint(status: int, code: str, message: str) -> Response:
    return JSONResponse({"code": code, "message": message, "data": {"status": status}}, status)


def _user(request: Request) -> str | None:
    kind, _, encoded = request.headers.get("authorization", "").partition(" ")
    if kind != "Basic":
        return None
    user, _, password = base64.b64decode(encoded).decode().partition(":")
    return user if password and password != "wrong" else None


def _shown(post: PublicPost, status: str, request: Request) -> dict[str, object]:
    whole = {
        "id": int(post.id),
        "slug": post.token,
        "status": status,
        "link": f"https://blog.test/{post.token}",
        "content": {"raw": post.content, "rendered": post.content},
    }
    wanted = request.query_params.get("_fields")
    return {name: whole[name] for name in wanted.split(",")} if wanted else whole


class PHPResponse(JSONResponse):
    """Whatever is no ASCII takes six bytes."""

    def render(self, content: object) -> bytes:
        return json.dumps(content).encode()


class WordPress:
    """The endpoints."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def create(self, request: Request) -> Response:
        user = _user(request)
        if user is None:
            return _complaint(
                401, "rest_cannot_create", "Sorry, you are not allowed to create posts as this user."
            )
        body = await request.json()
        if unknown := body.keys() - KNOWN:
            return _complaint(
                400, "rest_invalid_param", f"Invalid parameter(s): {', '.join(sorted(unknown))}"
            )
        if body.get("status") != "publish":
            return _complaint(400, "rest_invalid_param", "These tests publish at once.")
        if not body.get("title") and not body.get("content"):
            return _complaint(400, "empty_content", "Content, title, and excerpt are empty.")
        slug, taken = body["slug"], self._state.slugs.get(body["slug"], 0)
        self._state.slugs[slug] = taken + 1
        post = self._state.publish(
            "wordpress", user, body["content"], f"{slug}-{taken + 1}" if taken else slug
        )
        return PHPResponse(_shown(post, self._state.kept_as, request), 201)

    async def search(self, request: Request) -> Response:
        if _user(request) is None:
            return _complaint(401, "rest_forbidden_context", "Sorry, you are not allowed to edit posts.")
        slug, context = request.query_params.get("slug"), request.query_params.get("context")
        wanted = request.query_params.get("status", "publish").split(",")
        if wanted != ["publish"] and context != "edit":
            return _complaint(400, "rest_invalid_param", "Invalid parameter(s): status")
        if self._state.kept_as not in wanted:
            return PHPResponse([])
        return PHPResponse(
            [
                _shown(post, self._state.kept_as, request)
                for post in self._state.posts
                if post.network == "wordpress" and post.token == slug and not post.gone
            ]
        )

    async def one(self, request: Request) -> Response:
        post = self._state.post("wordpress", request.path_params["post_id"])
        if post is None:
            return _complaint(404, "rest_post_invalid_id", "Invalid post ID.")
        return PHPResponse(_shown(post, self._state.kept_as, request))

    async def comments(self, request: Request) -> Response:
        """As WordPress does it, those of a post that is not there are none."""
        post = self._state.post("wordpress", request.query_params.get("post", ""))
        count = post.counts.get("comments", 0) if post else 0
        return PHPResponse([], headers={"X-WP-Total": str(count)})

    def routes(self) -> list[Route]:
        return [
            Route("/wp-json/wp/v2/posts", self.create, methods=["POST"]),
            Route("/wp-json/wp/v2/posts", self.search),
            Route("/wp-json/wp/v2/posts/{post_id}", self.one),
            Route("/wp-json/wp/v2/comments", self.comments),
        ]
