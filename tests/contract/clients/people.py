"""Who calls: apps with a token in hand, on the running stack."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx

from tests.integration.browser import pay_on_checkout_page

PASSWORD = "correct horse battery 42"


class Cast:
    """Everybody of one walk. Clients are closed with it."""

    def __init__(self, stack: Any, clients: AsyncExitStack) -> None:
        self.stack = stack
        self._clients = clients

    async def anybody(self) -> httpx.AsyncClient:
        """Without a token."""
        return await self._clients.enter_async_context(
            httpx.AsyncClient(base_url=self.stack.gateway, timeout=10)
        )

    async def with_token(self, token: str) -> httpx.AsyncClient:
        client = await self.anybody()
        client.headers["Authorization"] = f"Bearer {token}"
        return client

    async def logged_in(self, email: str, password: str) -> httpx.AsyncClient:
        client = await self.anybody()
        answer = await client.post("/api/auth/login", json={"email": email, "password": password})
        assert answer.status_code == 200, answer.text
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return client

    async def known(self, user: str) -> httpx.AsyncClient:
        """A development user: admin or demo."""
        return await self.logged_in(self.stack.users[user]["email"], self.stack.users[user]["password"])

    async def cook(self) -> httpx.AsyncClient:
        """The user who is the first chef of the development data."""
        return await self.logged_in("chef.park@softfactory.dev", self.stack.users["demo"]["password"])

    async def newcomer(self) -> httpx.AsyncClient:
        """Somebody who has just registered."""
        client = await self.anybody()
        body = {"email": some_address(), "password": PASSWORD, "name": "Contract"}
        answer = await client.post("/api/auth/register", json=body)
        assert answer.status_code == 201, answer.text
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return client

    async def subscriber(self, product: str) -> httpx.AsyncClient:
        """Somebody who has just paid for a product."""
        client = await self.newcomer()
        products = (await client.get("/api/payment/plans")).json()
        wanted = next(entry["id"] for entry in products if entry["slug"] == product)
        checkout = await client.post("/api/payment/checkout", json={"product_id": wanted})
        paid = await pay_on_checkout_page(checkout.json()["checkout_url"])
        assert paid.status_code == 200, paid.text
        return client


def some_address() -> str:
    """An e-mail address that nobody has yet."""
    return f"contract-{secrets.token_hex(6)}@example.com"


@asynccontextmanager
async def gathered(stack: Any) -> AsyncIterator[Cast]:
    """The cast of a walk through `stack`."""
    async with AsyncExitStack() as clients:
        yield Cast(stack, clients)
