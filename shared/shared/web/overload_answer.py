"""The answer to a request that is refused for overload, prepared beforehand.

Offered twice what a process can do, it answers as many refusals as requests: what one costs is missing for those that
are served. So nothing is looked at but the request's id; this costs 10 us, the ordinary way ten times that.
"""

from __future__ import annotations

from random import getrandbits
from typing import Final

from starlette.types import Scope, Send

from shared.admission import Overloaded
from shared.observability.context import REQUEST_ID
from shared.web.problems import problem

_PLACE: Final = "the request's id"


class OverloadAnswer:
    """503 `overloaded`, as everybody else's problem+json."""

    def __init__(self) -> None:
        error = Overloaded()
        answer = problem(error.status, error.code, error.message, extra={"request_id": _PLACE})
        self._status = error.status
        self._before, _, self._after = bytes(answer.body).partition(_PLACE.encode())
        length = b"content-length"
        self._headers = [
            *((name, value) for name, value in answer.raw_headers if name != length),
            *((name.lower().encode(), value.encode()) for name, value in error.headers.items()),
            (b"cache-control", b"no-store"),
        ]

    async def __call__(self, scope: Scope, send: Send) -> None:
        """Answers the request, whose body need not have been read."""
        name = _request_id(scope)
        body = b"".join((self._before, name, self._after))
        headers = [*self._headers, (b"content-length", b"%d" % len(body)), (b"x-request-id", name)]
        await send({"type": "http.response.start", "status": self._status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _request_id(scope: Scope) -> bytes:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and REQUEST_ID.fullmatch(value):
            return bytes(value)
    return b"%032x" % getrandbits(128)
