"""A service that tells what reached it: python -m tests.gateway.echo NAME PORT.

`?sleep=2` answers after two seconds, `?status=503` with that status, `?pieces=5` in five events, one every 0.3 s;
`?seen=ID` tells how many requests had that id.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from typing import Any
from urllib.parse import parse_qs

import uvicorn


def echo(name: str) -> Any:
    """The ASGI app."""
    times: Counter[str] = Counter()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        size, more = 0, True
        while more:
            message = await receive()
            size += len(message.get("body", b""))
            more = message.get("more_body", False)
        query = parse_qs(scope["query_string"].decode())
        request_headers = {key.decode(): value.decode("latin-1") for key, value in scope["headers"]}
        times[request_headers.get("x-request-id", "")] += 1
        await asyncio.sleep(float(query.get("sleep", ["0"])[0]))
        seen = {
            "service": name,
            "method": scope["method"],
            "path": scope["raw_path"].decode(),
            "headers": request_headers,
            "size": size,
            "times": times[query.get("seen", [""])[0]],
        }
        body = json.dumps(seen).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        headers.append((b"etag", b'"v1"'))
        if "pieces" in query:
            await stream(send, int(query["pieces"][0]))
            return
        status = int(query.get("status", ["200"])[0])
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    return app


async def stream(send: Any, pieces: int) -> None:
    """Server-sent events, as a service sends them."""
    headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-cache, no-transform")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for number in range(pieces):
        await asyncio.sleep(0.3)
        body = f"data: {number}\n\n".encode()
        await send({"type": "http.response.body", "body": body, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


if __name__ == "__main__":
    uvicorn.run(
        echo(sys.argv[1]),
        host="127.0.0.1",
        port=int(sys.argv[2]),
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,
    )
