"""Where authors keep their pictures and videos: files by their names, some of which misbehave.

It gives parts, and refuses HEAD, as a store does at an address that was signed for GET.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncIterator, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

_any = random.Random(20)  # noqa: S311 - always the same, and no secret
CLIP, OTHER = _any.randbytes(40_000), _any.randbytes(30_000)
"""No two parts of them are alike, so that it shows where a wrong one was sent; each comes in several."""
FILES = {
    "card.jpg": ("image/jpeg", b"\xff\xd8\xff\xe0" + b"card" * 64),
    "large.jpg": ("image/jpeg", b"\xff\xd8\xff\xe0" + bytes(2 * 1024**2)),
    "huge.jpg": ("image/jpeg", bytes(5 * 1024**2 + 1)),
    "empty.jpg": ("image/jpeg", b""),
    "anim.gif": ("image/gif", b"GIF89a"),
    "clip.mp4": ("video/mp4", CLIP),
    "other.mp4": ("video/mp4", OTHER),
    "untyped.mp4": ("application/octet-stream", CLIP),
}
VIDEOS = {CLIP, OTHER}
STATUS = re.compile(r"status-(\d{3})\.mp4")


async def media(request: Request) -> Response:
    """The file, `status-503.mp4` with that status, or what MISBEHAVING says."""
    name = request.path_params["name"]
    if request.method != "GET":
        return Response(status_code=403)
    if status := STATUS.fullmatch(name):
        return Response(status_code=int(status[1]))
    if name in MISBEHAVING:
        return MISBEHAVING[name](request)
    kind, content = FILES.get(name, ("", b""))
    return _part(request, kind, content) if kind else Response(status_code=404)


def _part(request: Request, kind: str, content: bytes, *, astray: int = 0) -> Response:
    asked = re.fullmatch(r"bytes=(\d+)-", request.headers.get("range", ""))
    if not asked:
        return Response(content, media_type=kind)
    first, size = int(asked[1]) + astray, len(content)
    if first >= size:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
    headers = {"Content-Range": f"bytes {first}-{size - 1}/{size}"}
    return Response(content[first:], status_code=206, media_type=kind, headers=headers)


async def _pieces() -> AsyncIterator[bytes]:
    yield CLIP


async def _talk() -> AsyncIterator[bytes]:
    """For a minute, of which nobody has to listen to the end."""
    for _ in range(600):
        yield b"." * 1000
        await asyncio.sleep(0.1)


class _Short(Response):
    """Announces the whole clip, and closes the connection after a half of it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: Any = [(b"content-length", b"%d" % len(CLIP)), (b"content-type", b"video/mp4")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": CLIP[: len(CLIP) // 2], "more_body": True})


MISBEHAVING: dict[str, Callable[[Request], Response]] = {
    "page.mp4": lambda _: HTMLResponse("<p>Log in to see the video.</p>"),
    "moved.mp4": lambda _: RedirectResponse("clip.mp4"),
    "talks.mp4": lambda _: StreamingResponse(_talk(), 302, headers={"Location": "clip.mp4"}),
    "loop.mp4": lambda _: RedirectResponse("loop.mp4"),
    "endless.mp4": lambda _: StreamingResponse(_pieces(), media_type="video/mp4"),  # does not say its size
    "empty.mp4": lambda _: Response(b"", media_type="video/mp4"),
    "short.mp4": lambda _: _Short(),
    "zipped.mp4": lambda _: Response(CLIP, media_type="video/mp4", headers={"Content-Encoding": "gzip"}),
    "whole.mp4": lambda _: Response(CLIP, media_type="video/mp4"),  # whatever part is asked for
    "astray.mp4": lambda request: _part(request, "video/mp4", CLIP, astray=1),
}
