"""Somebody keeps using a service while something is done to it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx

Request = Callable[[httpx.AsyncClient, int], httpx.Request]
CLIENTS = 4
EVERY_SECONDS = 0.03


@asynccontextmanager
async def steady_load(url: str, request: Request) -> AsyncIterator[Counter[object]]:
    """Clients with connections that stay open; counts the answers' statuses, and errors by their type."""
    seen: Counter[object] = Counter()
    over = asyncio.Event()

    async def use(first: int) -> None:
        async with httpx.AsyncClient(base_url=url, timeout=20) as client:
            number = first
            while not over.is_set():
                try:
                    seen[(await client.send(request(client, number))).status_code] += 1
                except httpx.TransportError as error:
                    seen[repr(error)] += 1
                number += CLIENTS
                await asyncio.sleep(EVERY_SECONDS)

    users = [asyncio.create_task(use(number)) for number in range(CLIENTS)]
    try:
        yield seen
    finally:
        over.set()
        await asyncio.gather(*users)
