"""Who is let in: by the copy of platform's entitlements, and by one question to platform before a denial."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.coocook.tests.factories import COOK, CUSTOMER, Person, make_booking, make_chef, subscribe
from shared.service import ServiceDefinition
from testing.rollback import TestDatabase
from testing.service_fixtures import ClientFactory
from testing.serving import bound_socket, serving


class FakePlatform:
    """Platform's answer about entitlements, over HTTP; it may be slow or say nonsense."""

    def __init__(self) -> None:
        self.url = ""
        self.items: list[dict[str, Any]] = []
        self.seconds = 0.0
        self.status = 200
        self.asked: list[str] = []
        self.app = Starlette(routes=[Route("/internal/entitlements/{user_id:int}", self._answer)])

    def subscribes(self, user_id: int) -> None:
        """From now on the user has a subscription there."""
        self.items = [
            {
                "user_id": user_id,
                "product": "coocook",
                "active": True,
                "valid_until": None,
                "customer": None,
                "version": 1,
            }
        ]

    async def _answer(self, request: Request) -> Response:
        self.asked.append(request.headers.get("authorization", ""))
        await asyncio.sleep(self.seconds)
        return JSONResponse({"items": self.items, "next": None}, self.status)


@pytest.fixture
def platform() -> Iterator[FakePlatform]:
    fake = FakePlatform()
    with bound_socket() as listener, serving(fake.app, listener) as url:
        fake.url = url
        yield fake


@pytest.fixture
async def customer(
    client_for: ClientFactory, definition: ServiceDefinition, db: TestDatabase, platform: FakePlatform
) -> AsyncIterator[Person]:
    opened: AbstractAsyncContextManager[httpx.AsyncClient] = client_for(
        definition, db, http=httpx.AsyncHTTPTransport(), platform_url=platform.url
    )
    async with opened as client:
        yield Person(client, CUSTOMER)


async def test_who_is_known_here_is_let_in_without_a_question(
    customer: Person, db: TestDatabase, platform: FakePlatform
) -> None:
    await subscribe(db, CUSTOMER)
    assert (await customer.get("/bookings")).status_code == 200
    assert platform.asked == []


async def test_who_has_just_paid_is_let_in_at_once(customer: Person, platform: FakePlatform) -> None:
    refused = await customer.get("/bookings")
    assert (refused.status_code, refused.json()["code"]) == (403, "subscription_required")
    assert refused.json()["error"]
    platform.subscribes(CUSTOMER)
    assert (await customer.get("/bookings")).status_code == 200
    asked = len(platform.asked)
    assert (await customer.get("/bookings")).status_code == 200
    assert len(platform.asked) == asked
    assert platform.asked[0].startswith("Bearer ")


async def test_a_slow_platform_costs_a_second_and_then_it_is_a_denial(
    customer: Person, platform: FakePlatform
) -> None:
    platform.subscribes(CUSTOMER)
    platform.seconds = 3.0
    started = time.monotonic()
    assert (await customer.get("/bookings")).status_code == 403
    assert time.monotonic() - started < 2.0


async def test_a_platform_that_fails_is_a_denial(customer: Person, platform: FakePlatform) -> None:
    platform.subscribes(CUSTOMER)
    platform.status = 500
    assert (await customer.get("/bookings")).status_code == 403


async def test_without_platform_a_stranger_is_denied_and_a_subscriber_is_not(
    client: httpx.AsyncClient, db: TestDatabase
) -> None:
    assert (await Person(client, CUSTOMER).get("/bookings")).status_code == 403
    await subscribe(db, CUSTOMER + 1)
    assert (await Person(client, CUSTOMER + 1).get("/bookings")).status_code == 200


async def test_chefs_act_on_what_was_booked_without_a_subscription(
    client: httpx.AsyncClient, db: TestDatabase
) -> None:
    chef_id = await make_chef(db, user_id=COOK)
    booking_id = await make_booking(db, chef_id, status="pending")
    path, cook = f"/bookings/{booking_id}", Person(client, COOK)
    for status in ("confirmed", "canceled"):
        assert (await cook.put(path, {"status": status})).status_code == 200
        assert (await cook.get(path)).json()["status"] == status
    assert (await cook.get("/bookings")).status_code == 403
    for person in (Person(client, CUSTOMER), Person(client, COOK + 1)):
        refused = await person.put(path, {"status": "confirmed"})
        assert (refused.status_code, refused.json()["code"]) == (403, "subscription_required")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/bookings"),
        ("POST", "/bookings"),
        ("GET", "/bookings/1"),
        ("PUT", "/bookings/1"),
        ("POST", "/bookings/1/pay"),
        ("POST", "/bookings/1/review"),
    ],
)
async def test_bookings_need_a_token_and_a_subscription(
    client: httpx.AsyncClient, method: str, path: str
) -> None:
    assert (await client.request(method, f"/api/coocook{path}", json={})).status_code == 401
    assert (await Person(client, CUSTOMER).call(method, path, {})).status_code == 403
