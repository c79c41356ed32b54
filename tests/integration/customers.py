"""Customers of the running stack: registered, logged in and subscribed by the gateway alone."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from tests.integration.browser import pay_on_checkout_page

PASSWORD = "correct horse battery 42"


class Customer:
    """Somebody with an app in hand: a client that carries their token to the gateway."""

    def __init__(self, gateway: str, answer: dict[str, Any]) -> None:
        self.id: int = answer["user"]["id"]
        token = {"Authorization": f"Bearer {answer['access_token']}"}
        self.http = httpx.AsyncClient(base_url=gateway, timeout=15, headers=token)

    async def subscribe(self, slug: str) -> None:
        """Buy a product's subscription on the payment page."""
        products = (await self.http.get("/api/platform/products")).json()
        (product,) = (found["id"] for found in products if found["slug"] == slug)
        checkout = await self.http.post("/api/payment/checkout", json={"product_id": product})
        assert checkout.status_code == 200, checkout.text
        landed = await pay_on_checkout_page(checkout.json()["checkout_url"])
        assert landed.status_code == 200, landed.text


@asynccontextmanager
async def registered(gateway: str) -> AsyncIterator[Customer]:
    """A new user, logged in."""
    body = {"email": f"customer-{secrets.token_hex(6)}@example.com", "password": PASSWORD, "name": "Customer"}
    async with httpx.AsyncClient(base_url=gateway, timeout=15) as anybody:
        answer = await anybody.post("/api/auth/register", json=body)
    assert answer.status_code == 201, answer.text
    customer = Customer(gateway, answer.json())
    async with customer.http:
        yield customer


@asynccontextmanager
async def logged_in(gateway: str, user: dict[str, str]) -> AsyncIterator[Customer]:
    """One of the development users, by `email` and `password`."""
    async with httpx.AsyncClient(base_url=gateway, timeout=15) as anybody:
        answer = await anybody.post("/api/auth/login", json=user)
    assert answer.status_code == 200, answer.text
    customer = Customer(gateway, answer.json())
    async with customer.http:
        yield customer
