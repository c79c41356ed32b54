"""Public reads that are answered from memory before anything else is done for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from shared.cache import Entry
from shared.runtime import Runtime
from shared.web.cached import CachedJSON
from shared.web.template import template

KNOWN: Final = 4096
"""How many spellings of requests are remembered; a client that makes up more of them only goes the long way."""
MAX_SPELLING: Final = 1024
"""Characters of a path and its query; a longer one always goes the long way."""


@dataclass(frozen=True, slots=True)
class Known:
    """Where a request's answer lies in the cache. `path` is its route's template, as a route has one."""

    key: str
    max_age: int
    path: str


class WarmPaths:
    """Remembers under which cache key a path and query ended, and answers the next such request from the cache's
    memory: no routing, no parsing of parameters, no dependencies, no session."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, bytes], Known] = {}
        self._seen = [0] * KNOWN
        """Hashes of requests that came lately, each in the place that it names."""

    def answer(self, scope: Scope) -> Response | None:
        """The answer that memory holds for a GET; None if it must be made."""
        known = self._known.get((scope["path"], scope["query_string"]))
        if known is None or scope["method"] != "GET":
            return None
        entry = cast(Runtime, scope["app"].state.runtime).cache.peek(known.key)
        if entry is None:
            return None
        scope["route"] = known  # for the metrics and the log
        return CachedJSON(Request(scope), entry.body, etag=entry.etag, max_age=known.max_age)

    def learn(self, scope: Scope, *, key: str, max_age: int) -> None:
        """A request like this is answered by what the cache holds under `key`.

        It is remembered when it comes again, in place of what was remembered first: made-up ones come once.
        """
        spelling = (scope["path"], scope["query_string"])
        place = hash(spelling) % KNOWN
        if self._seen[place] != hash(spelling):
            self._seen[place] = hash(spelling)
            return
        if len(spelling[0]) + len(spelling[1]) > MAX_SPELLING:
            return
        if len(self._known) >= KNOWN:
            del self._known[next(iter(self._known))]
        self._known[spelling] = Known(key, max_age, template(scope))


def warm(request: Request, entry: Entry, *, key: str, max_age: int) -> Response:
    """The answer with a cache entry, which the next such request gets without its endpoint. `max_age` in seconds.

    Only for GETs that anybody may read: who asks is not looked at.
    """
    request.app.state.warm.learn(request.scope, key=key, max_age=max_age)
    return CachedJSON(request, entry.body, etag=entry.etag, max_age=max_age)
