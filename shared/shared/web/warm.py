"""Public reads that are answered from memory before anything else is done for them."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Final, cast

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from shared.cache import Entry
from shared.runtime import Runtime
from shared.web.cached import CachedJSON

KNOWN: Final = 4096
"""How many spellings of requests a route remembers; a client that makes up more of them only goes the long way."""


class WarmRoute(APIRoute):
    """`APIRouter(route_class=WarmRoute)`: remembers under which cache key a path and query ended, and answers the
    next such request from the cache's memory: no parsing of parameters, no dependencies, no session.

    Only for routes that anybody may read: who asks is not looked at. Their endpoints answer with `warm(...)`.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, behind the short way."""
        thorough = super().get_route_handler()
        known: dict[tuple[str, bytes], tuple[str, int]] = {}

        async def handle(request: Request) -> Response:
            scope = request.scope
            spelling = (scope["path"], scope["query_string"])
            hint = known.get(spelling)
            if hint is not None:
                entry = cast(Runtime, request.app.state.runtime).cache.peek(hint[0])
                if entry is not None:
                    return CachedJSON(request, entry.body, etag=entry.etag, max_age=hint[1])
            answer = await thorough(request)
            hint = scope.get("warm")
            if hint is not None:
                if len(known) >= KNOWN:
                    known.clear()
                known[spelling] = hint
            return answer

        return handle


def warm(request: Request, entry: Entry, *, key: str, max_age: int) -> Response:
    """The answer with a cache entry, which the route finds by itself the next time. `max_age` in seconds."""
    request.scope["warm"] = (key, max_age)
    return CachedJSON(request, entry.body, etag=entry.etag, max_age=max_age)
