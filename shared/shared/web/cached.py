"""Answers to hot reads: bytes that were made once, told apart by their ETag."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

_JSON = b"application/json"


class CachedJSON(Response):
    """200 with `body`, or 304 without it where the client already holds `etag` (If-None-Match).

    `etag` is quoted (`"abc"`), `max_age` in seconds; `private` keeps shared caches away from a user's own data.
    """

    def __init__(
        self,
        request: Request,
        body: bytes,
        *,
        etag: str,
        max_age: int,
        private: bool = False,
        vary: str = "Origin",
    ) -> None:
        fresh = _matches(request.scope["headers"], etag)
        self.status_code = 304 if fresh else 200
        self.body = b"" if fresh else body
        self.background = None
        scope = "private" if private else "public"
        self.raw_headers = [
            (b"etag", etag.encode("ascii")),
            (b"cache-control", f"{scope}, max-age={max_age}".encode("ascii")),
            (b"vary", vary.encode("ascii")),
        ]
        if not fresh:
            self.raw_headers += [(b"content-type", _JSON), (b"content-length", b"%d" % len(body))]


def _matches(headers: list[tuple[bytes, bytes]], etag: str) -> bool:
    for name, value in headers:
        if name == b"if-none-match":
            tags = value.decode("latin-1").split(",")
            return any(tag.strip().removeprefix("W/") in {etag, "*"} for tag in tags)
    return False
