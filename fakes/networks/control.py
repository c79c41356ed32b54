"""`/_fake/`: what tests read of the fake networks, and what they order."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fakes.networks.state import Fault, State

SETTABLE = (
    "before",
    "after",
    "preparing",
    "prepared_as",
    "says_blocked",
    "expires_in",
    "kept_as",
    "fail_reasons",
    "moderating",
    "audiences",
    "uploads",
    "listing_lags",
    "pictures",
    "video_status",
)


class Control:
    """The endpoints."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def health(self, _: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def posts(self, _: Request) -> Response:
        return JSONResponse(self._state.listing())

    async def requests(self, _: Request) -> Response:
        return JSONResponse(self._state.requests)

    async def faults(self, request: Request) -> Response:
        self._state.faults.append(Fault(**await request.json()))
        return JSONResponse({})

    async def settings(self, request: Request) -> Response:
        for name, value in (await request.json()).items():
            if name not in SETTABLE:
                return JSONResponse({"error": f"no such setting: {name}"}, 400)
            setattr(self._state, name, value)
        return JSONResponse({})

    async def change(self, request: Request) -> Response:
        """Counts of a post, when it was published, or that it is gone."""
        post = self._state.post(request.path_params["network"], request.path_params["post_id"])
        if post is None:
            return JSONResponse({"error": "no such post"}, 404)
        body = await request.json()
        post.counts |= body.get("counts", {})
        post.gone = body.get("gone", False)
        post.at = body.get("at", post.at)
        return JSONResponse({})

    async def expire(self, request: Request) -> Response:
        self._state.expired.update((await request.json())["tokens"])
        return JSONResponse({})

    async def renewals(self, _: Request) -> Response:
        return JSONResponse(self._state.renewals)

    async def reset(self, _: Request) -> Response:
        self._state.reset()
        return JSONResponse({})

    def routes(self) -> list[Route]:
        return [
            Route("/health", self.health),
            Route("/posts", self.posts),
            Route("/posts/{network}/{post_id}", self.change, methods=["POST"]),
            Route("/requests", self.requests),
            Route("/faults", self.faults, methods=["POST"]),
            Route("/settings", self.settings, methods=["POST"]),
            Route("/expire", self.expire, methods=["POST"]),
            Route("/renewals", self.renewals),
            Route("/reset", self.reset, methods=["POST"]),
        ]
