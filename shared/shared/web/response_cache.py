"""Public reads that are answered from memory before anything else is done for them, identified by their ETag."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from shared.cache import Entry
from shared.runtime import Runtime
from shared.web.answers import route_template

KNOWN: Final = 4096
"""How many spellings of requests are remembered; a client that makes up more of them only goes the long way."""
MAX_SPELLING: Final = 1024
"""Characters of a path and its query; a longer one always goes the long way."""


@dataclass(frozen=True, slots=True)
class Known:
    """Where a request's answer is in the cache. `path` is its route's template."""

    key: str
    max_age: int
    path: str


class ResponseCache:
    """Remembers which cache key a path and query led to, and answers the next such request from the cache's memory: no
    routing, no parsing of parameters, no dependencies, no session."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, bytes], Known] = {}
        self._seen = [0] * KNOWN
        """Hashes of requests that came lately, each in the place that it names."""

    def answer(self, scope: Scope) -> Response | None:
        """The answer that memory holds for a GET; None if it must be made."""
        known = self._known.get((scope["path"], scope["query_string"]))
        if known is None or scope["method"] != "GET":
            return None
        entry = cast("Runtime", scope["app"].state.runtime).cache.peek(known.key)
        if entry is None:
            return None
        scope["route"] = known  # for the metrics and the log
        return CachedJSON(Request(scope), entry.body, etag=entry.etag, max_age=known.max_age)

    def learn(self, scope: Scope, *, key: str, max_age: int) -> None:
        """The cache's entry under `key` answers requests like this one.

        It is remembered at the second time, in place of the oldest: made-up addresses come only once.
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
        self._known[spelling] = Known(key, max_age, route_template(scope))


def cached_response(request: Request, entry: Entry, *, key: str, max_age: int) -> Response:
    """The answer for a cache entry; the next such request gets it without its endpoint. `max_age` in seconds.

    Only for GETs that anybody may read: the caller is not checked.
    """
    request.app.state.response_cache.learn(request.scope, key=key, max_age=max_age)
    return CachedJSON(request, entry.body, etag=entry.etag, max_age=max_age)


_JSON = b"application/json"


class CachedJSON(Response):
    """200 with `body`, or 304 without it where the client already holds `etag` (If-None-Match).

    `etag` is quoted (`"abc"`), `max_age` in seconds; `private` keeps shared caches away from a user's own data. `vary`
    names the request's headers that the body depends on; Origin is the gateway's to name, which alone allows origins.
    """

    def __init__(
        self,
        request: Request,
        body: bytes,
        *,
        etag: str,
        max_age: int,
        private: bool = False,
        vary: str | None = None,
    ) -> None:
        fresh = _matches(request.scope["headers"], etag)
        self.status_code = 304 if fresh else 200
        self.body = b"" if fresh else body
        self.background = None
        scope = "private" if private else "public"
        self.raw_headers = [
            (b"etag", etag.encode("ascii")),
            (b"cache-control", f"{scope}, max-age={max_age}".encode("ascii")),
        ]
        if vary is not None:
            self.raw_headers.append((b"vary", vary.encode("ascii")))
        if not fresh:
            self.raw_headers += [(b"content-type", _JSON), (b"content-length", b"%d" % len(body))]


def _matches(headers: list[tuple[bytes, bytes]], etag: str) -> bool:
    for name, value in headers:
        if name == b"if-none-match":
            tags = value.decode("latin-1").split(",")
            return any(tag.strip().removeprefix("W/") in {etag, "*"} for tag in tags)
    return False
