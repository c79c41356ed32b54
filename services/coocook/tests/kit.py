"""What coocook's fixtures hand to tests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx

Published = Callable[[], Awaitable[list[str]]]
CommittedClient = Callable[[], AbstractAsyncContextManager[httpx.AsyncClient]]


class Till:
    """What the payment sandbox was asked for, and orders for it to misbehave."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def charges(self) -> list[dict[str, Any]]:
        return await self._listing("charges")

    async def refunds(self) -> list[dict[str, Any]]:
        return await self._listing("refunds")

    async def order(self, **fault: Any) -> None:
        (await self._http.post("faults", json={"path": "/v1/payment_intents", **fault})).raise_for_status()

    async def reset(self) -> None:
        (await self._http.post("reset")).raise_for_status()

    async def _listing(self, kind: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self._http.get(kind)).json()["data"]
        return found
