"""CooCook's part of the contract: chefs, and a booking from its making to its review."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.contract.clients.people import Cast
from tests.contract.clients.replay import Replay
from tests.integration.customer import let_it_take_place


async def walk(replay: Replay, cast: Cast) -> None:
    """Call everything."""
    anybody, demo, cook = await cast.anybody(), await cast.known("demo"), await cast.cook()
    stranger = await cast.subscriber("coocook")
    chef = await _chefs(replay, cast, anybody)
    booking = await _book(replay, demo, chef, stranger)
    await _pay(replay, demo, stranger, booking)
    await _review(replay, cast, demo, cook, booking)
    reviews = await replay.call("GET /api/coocook/chefs/{id}/reviews", anybody, item=chef["id"])
    assert reviews["total_reviews"] >= 1


async def _chefs(replay: Replay, cast: Cast, anybody: httpx.AsyncClient) -> dict[str, Any]:
    everybody = await replay.call("GET /api/coocook/chefs", anybody, params={"per_page": 2})
    assert len(everybody["chefs"]) == 2
    filters = {"cuisine": "Korean", "location": "SEO"}
    korean = await replay.call("GET /api/coocook/chefs", anybody, params=filters)
    past = await replay.call("GET /api/coocook/chefs", anybody, params={"page": 9999})
    assert past["chefs"] == []
    newcomer = await cast.newcomer()
    profile = {
        "name": "Chef Contract",
        "cuisine_type": "Fusion",
        "location": "Busan",
        "price_per_session": 99.5,
    }
    made = await replay.call("POST /api/coocook/chefs", newcomer, json=profile)
    await replay.refuse("POST /api/coocook/chefs", "already a chef", newcomer, json=profile)
    found = await replay.call("GET /api/coocook/chefs/{id}", anybody, item=made["id"])
    assert found["price_per_session"] == 99.5
    await replay.refuse("GET /api/coocook/chefs/{id}", "unknown", anybody, item=999_999)
    chef: dict[str, Any] = next(chef for chef in korean["chefs"] if chef["name"] == "Chef Park")
    return chef


async def _book(
    replay: Replay, demo: httpx.AsyncClient, chef: dict[str, Any], stranger: httpx.AsyncClient
) -> dict[str, Any]:
    name = "POST /api/coocook/bookings"
    day = (datetime.now(UTC) + timedelta(days=30 + secrets.randbelow(300))).date()
    body = {"chef_id": chef["id"], "booking_date": day.isoformat(), "duration_hours": 1}
    made = await replay.call(name, demo, json=body)
    assert made["total_price"] == chef["price_per_session"]
    await replay.refuse(name, "past date", demo, json={**body, "booking_date": "2020-01-01"})
    await replay.refuse(name, "bad date", demo, json={**body, "booking_date": "tomorrow"})
    await replay.refuse(name, "unknown chef", demo, json={**body, "chef_id": 999_999})
    mine = await replay.call("GET /api/coocook/bookings", demo)
    assert made["id"] in [booking["id"] for booking in mine]
    await replay.refuse("GET /api/coocook/bookings/{id}", "not yours", stranger, item=made["id"])
    booking: dict[str, Any] = await replay.call("GET /api/coocook/bookings/{id}", demo, item=made["id"])
    assert booking["booking_date"] == day.isoformat()
    return booking


async def _pay(
    replay: Replay, demo: httpx.AsyncClient, stranger: httpx.AsyncClient, booking: dict[str, Any]
) -> None:
    name = "POST /api/coocook/bookings/{id}/pay"
    wrong = {"amount": booking["total_price"] + 1}
    await replay.refuse(name, "amount differs", demo, item=booking["id"], json=wrong)
    await replay.refuse(name, "not yours", stranger, item=booking["id"], json={})
    paid = await replay.call(name, demo, item=booking["id"], json={"amount": booking["total_price"]})
    assert paid["amount"] == booking["total_price"]
    await replay.refuse(name, "already paid", demo, item=booking["id"], json={})


async def _review(
    replay: Replay, cast: Cast, demo: httpx.AsyncClient, cook: httpx.AsyncClient, booking: dict[str, Any]
) -> None:
    name, change = "POST /api/coocook/bookings/{id}/review", "PUT /api/coocook/bookings/{id}"
    review = {"rating": 5, "comment": "As at home"}
    await replay.refuse(name, "not completed", demo, item=booking["id"], json=review)
    await replay.refuse(change, "not the chef", demo, item=booking["id"], json={"status": "completed"})
    await let_it_take_place(cast.stack, booking["id"])
    await replay.call(change, cook, item=booking["id"], json={"status": "completed"})
    too_good = {**review, "rating": 6}
    await replay.refuse(name, "rating out of range", demo, item=booking["id"], json=too_good)
    await replay.call(name, demo, item=booking["id"], json=review)
    await replay.refuse(name, "twice", demo, item=booking["id"], json=review)
