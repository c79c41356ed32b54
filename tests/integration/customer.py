"""A customer's way, by the gateway alone: registration to a reviewed booking."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import httpx

from testing import eventually
from tests.integration.browser import SHOWS_PAGES, leave_checkout_page, pay_on_checkout_page

PASSWORD = "correct horse battery 42"


class Person:
    """Somebody with an app in hand: a client that carries their token to the gateway."""

    def __init__(self, gateway: str, tokens: dict[str, Any]) -> None:
        self.tokens = tokens
        self.http = httpx.AsyncClient(
            base_url=gateway, timeout=10, headers={"Authorization": f"Bearer {tokens['access_token']}"}
        )

    @classmethod
    async def log_in(cls, gateway: str, email: str, password: str) -> Person:
        async with httpx.AsyncClient(base_url=gateway, timeout=10) as anybody:
            answer = await anybody.post("/api/auth/login", json={"email": email, "password": password})
        assert answer.status_code == 200, answer.text
        return cls(gateway, answer.json())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()


async def _register(anybody: httpx.AsyncClient) -> str:
    email = f"journey-{secrets.token_hex(6)}@example.com"
    body = {"email": email, "password": PASSWORD, "name": "Journey"}
    answer = await anybody.post("/api/auth/register", json=body)
    assert answer.status_code == 201, answer.text
    assert {"access_token", "refresh_token", "user"} <= answer.json().keys()
    again = await anybody.post("/api/auth/register", json=body | {"email": email.upper()})
    assert again.status_code == 409
    assert again.json()["error"]
    return email


async def _refresh_reuse_revokes_the_family(anybody: httpx.AsyncClient, email: str) -> None:
    first = (await anybody.post("/api/auth/login", json={"email": email, "password": PASSWORD})).json()
    used = {"refresh_token": first["refresh_token"]}
    second = await anybody.post("/api/auth/refresh", json=used)
    assert second.status_code == 200
    successor = second.json()

    async def reuse_is_refused() -> bool:
        return (await anybody.post("/api/auth/refresh", json=used)).status_code == 401

    # Within the grace the used token still gets its successor, so this polls until the grace is over.
    await eventually(reuse_is_refused, within=15.0, every=0.5)
    revoked = await anybody.post("/api/auth/refresh", json={"refresh_token": successor["refresh_token"]})
    assert revoked.status_code == 401


async def _find_chef(anybody: httpx.AsyncClient) -> dict[str, Any]:
    everybody = (await anybody.get("/api/coocook/chefs")).json()
    assert everybody["total"] >= 5
    assert everybody["current_page"] == 1
    korean = (
        await anybody.get("/api/coocook/chefs", params={"cuisine": "Korean", "location": "seoul"})
    ).json()
    assert {chef["cuisine_type"] for chef in korean["chefs"]} == {"Korean"}
    chef: dict[str, Any] = next(chef for chef in korean["chefs"] if chef["name"] == "Chef Park")
    return chef


async def _subscribe(customer: Person) -> None:
    products = (await customer.http.get("/api/platform/products")).json()
    coocook = next(product for product in products if product["slug"] == "coocook")
    checkout = await customer.http.post("/api/payment/checkout", json={"product_id": coocook["id"]})
    assert checkout.status_code == 200, checkout.text
    left = await leave_checkout_page(checkout.json()["checkout_url"])
    assert (left.status_code, left.url.params["checkout"]) == (200, "canceled"), left.url
    assert "without paying" in left.text
    landed = await pay_on_checkout_page(checkout.json()["checkout_url"])
    assert landed.status_code == 200, landed.text
    assert landed.json()["message"]
    assert landed.url.path == "/api/payment/success"
    browser = httpx.AsyncClient(follow_redirects=True, timeout=10, headers=SHOWS_PAGES)
    async with browser:
        shown = await browser.get(landed.url)
    assert (shown.status_code, shown.url.params["checkout"]) == (200, "success"), shown.url


def some_day() -> str:
    """A day that can be booked."""
    return (datetime.now(UTC) + timedelta(days=30 + secrets.randbelow(300))).date().isoformat()


async def _book(customer: Person, chef: dict[str, Any]) -> dict[str, Any]:
    booked = await customer.http.post(
        "/api/coocook/bookings",
        json={"chef_id": chef["id"], "booking_date": some_day(), "duration_hours": 2},
    )
    assert booked.status_code == 201, booked.text
    assert booked.json()["total_price"] == chef["price_per_session"] * 2
    booking: dict[str, Any] = (await customer.http.get(f"/api/coocook/bookings/{booked.json()['id']}")).json()
    assert booking["status"] == "pending"
    return booking


async def _pay(customer: Person, booking: dict[str, Any]) -> None:
    path, key = f"/api/coocook/bookings/{booking['id']}/pay", {"Idempotency-Key": secrets.token_hex(8)}
    paid = await customer.http.post(path, json={}, headers=key)
    assert paid.status_code == 200, paid.text
    assert paid.json()["payment_id"]
    assert paid.json()["booking_id"] == booking["id"]
    assert paid.json()["amount"] == booking["total_price"]
    assert (await customer.http.post(path, json={}, headers=key)).json() == paid.json()
    assert (await customer.http.post(path, json={})).status_code == 409
    confirmed = await customer.http.get(f"/api/coocook/bookings/{booking['id']}")
    assert confirmed.json()["status"] == "confirmed"


async def let_it_take_place(platform: Any, booking_id: int) -> None:
    """Move a booking so far back that it is over; all move as far, so that none meets another."""
    period = "tstzrange(lower(period) - interval '400 days', upper(period) - interval '400 days')"
    await platform.execute("coocook", f"UPDATE bookings SET period = {period} WHERE id = {int(booking_id)}")  # noqa: S608


async def _complete_and_review(
    platform: Any, customer: Person, cook: Person, booking: dict[str, Any]
) -> None:
    path = f"/api/coocook/bookings/{booking['id']}"
    assert (await customer.http.put(path, json={"status": "completed"})).status_code == 403
    await let_it_take_place(platform, booking["id"])
    assert (await cook.http.put(path, json={"status": "completed"})).status_code == 200
    before = (await customer.http.get(f"/api/coocook/chefs/{booking['chef_id']}")).json()
    review = await customer.http.post(f"{path}/review", json={"rating": 4, "comment": "Kimchi as it should"})
    assert review.status_code == 201, review.text
    assert review.json()["rating_count"] == before["rating_count"] + 1

    async def the_rating_moved() -> bool:
        chef = (await customer.http.get(f"/api/coocook/chefs/{booking['chef_id']}")).json()
        return bool(chef["rating_count"] == before["rating_count"] + 1)

    await eventually(the_rating_moved, within=2.0)
    assert (await customer.http.post(f"{path}/review", json={"rating": 4, "comment": "x"})).status_code == 409


async def _log_out_everywhere(customer: Person) -> None:
    assert (await customer.http.post("/api/auth/logout-all")).status_code == 200

    async def both_services_refuse() -> bool:
        platform = await customer.http.get("/api/auth/me")
        coocook = await customer.http.get("/api/coocook/bookings")
        return platform.status_code == coocook.status_code == 401

    await eventually(both_services_refuse, within=1.0)


async def customer_journey(platform: Any) -> None:
    """From registration to logging out everywhere, on a `journeys.Platform`."""
    gateway, users = platform.gateway, platform.users
    async with httpx.AsyncClient(base_url=gateway, timeout=10) as anybody:
        email = await _register(anybody)
        wrong = await anybody.post("/api/auth/login", json={"email": email, "password": "not the password"})
        assert wrong.status_code == 401
        assert wrong.json()["error"]
        await _refresh_reuse_revokes_the_family(anybody, email)
        chef = await _find_chef(anybody)

    customer = await Person.log_in(gateway, email, PASSWORD)
    body = {"chef_id": chef["id"], "booking_date": some_day(), "duration_hours": 2}
    refused = await customer.http.post("/api/coocook/bookings", json=body)
    assert refused.status_code == 403
    assert refused.json()["error"]

    await _subscribe(customer)
    booking = await _book(customer, chef)
    demo = users["demo"]
    rival = await Person.log_in(gateway, demo["email"], demo["password"])
    same_time = {"chef_id": chef["id"], "booking_date": booking["starts_at"], "duration_hours": 2}
    assert (await rival.http.post("/api/coocook/bookings", json=same_time)).status_code == 409

    await _pay(customer, booking)
    cook = await Person.log_in(gateway, "chef.park@softfactory.dev", demo["password"])
    await _complete_and_review(platform, customer, cook, booking)
    await _log_out_everywhere(customer)
    for person in (customer, rival, cook):
        await person.http.aclose()
