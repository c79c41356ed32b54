"""Sites that answer byte by byte as a test has it, and a call to them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx

from sns_service.networks.http import Caller
from sns_service.networks.transport import connect

Behaviour = Callable[[asyncio.StreamWriter], Awaitable[None]]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nSet-Cookie: session=of-another-account\r\n\r\n"


@asynccontextmanager
async def site(behaviour: Behaviour) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A site that behaves so once it has heard a request: its address without a scheme, and what it has heard."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        await behaviour(writer)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        yield f"{host}:{port}", heard


async def calling(url: str, method: str = "POST", *, guarded: bool = False, **options: Any) -> httpx.Response:
    """A call that publishes."""
    async with connect(timeout=0.3, at_a_time=2, guarded=guarded) as http:
        return await Caller(http, "It", lambda answer: "").call(method, url, publishes=True, **options)
