"""CooCook's forms: the search over the chefs, becoming one, a booking, and the chef's menu of statuses."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.contract.clients.people import Cast
from tests.contract.clients.replay import Replay

CUISINES = ("", "Korean", "Italian", "Japanese", "French", "Mexican")
LOCATIONS = ("", "Seoul", "seoul", "서울")
NO_BODY: dict[str, Any] = {"headers": {"Content-Type": "application/json"}}
CHANGE = "PUT /api/coocook/bookings/{id}"


async def fill_in(replay: Replay, cast: Cast) -> None:
    """Send them all."""
    anybody, demo, cook = await cast.anybody(), await cast.known("demo"), await cast.cook()
    await _search(replay, anybody)
    await _become_a_chef(replay, cast, anybody)
    await _statuses(replay, anybody, demo, cook)


async def _search(replay: Replay, anybody: httpx.AsyncClient) -> None:
    name = "GET /api/coocook/chefs"
    for cuisine in CUISINES:
        for location in LOCATIONS:
            query = {"cuisine": cuisine, "location": location, "page": "", "per_page": "12"}
            found = await replay.call(name, anybody, params=query)
            assert {chef["cuisine_type"] for chef in found["chefs"] if cuisine} <= {cuisine}
    for page in ("0", "-1", "undefined", "NaN"):
        assert (await replay.call(name, anybody, params={"page": page}))["current_page"] == 1


async def _become_a_chef(replay: Replay, cast: Cast, anybody: httpx.AsyncClient) -> None:
    profile = {
        "name": "김셰프",
        "cuisine_type": "Korean",
        "location": "서울 강남구",
        "price_per_session": "99.5",
        "bio": "",
    }
    made = await replay.call("POST /api/coocook/chefs", await cast.newcomer(), json=profile)
    chef = await replay.call("GET /api/coocook/chefs/{id}", anybody, item=made["id"])
    assert (chef["rating"], chef["rating_count"], chef["price_per_session"]) == (5.0, 0, 99.5)
    reviews = await replay.call("GET /api/coocook/chefs/{id}/reviews", anybody, item=made["id"])
    assert (reviews["average_rating"], reviews["total_reviews"]) == (5.0, 0)


async def _statuses(
    replay: Replay, anybody: httpx.AsyncClient, demo: httpx.AsyncClient, cook: httpx.AsyncClient
) -> None:
    """Each option of the chef's menu; what the booking cannot become is refused in words, not as an unknown value."""
    chefs = await replay.call("GET /api/coocook/chefs", anybody, params={"cuisine": "Korean", "location": ""})
    park = next(chef for chef in chefs["chefs"] if chef["name"] == "Chef Park")
    day = (datetime.now(UTC) + timedelta(days=30 + secrets.randbelow(300))).date()
    body = {
        "chef_id": str(park["id"]),
        "booking_date": day.isoformat(),
        "duration_hours": "2",
        "special_requests": "",
    }
    booking = (await replay.call("POST /api/coocook/bookings", demo, json=body))["id"]
    for status in ("pending", "confirmed"):
        await replay.call(CHANGE, cook, item=booking, json={"status": status})
    await replay.call("POST /api/coocook/bookings/{id}/pay", demo, item=booking, **NO_BODY)
    early = await cook.put(f"/api/coocook/bookings/{booking}", json={"status": "completed"})
    assert (early.status_code, early.json()["message"]) == (409, early.json()["error"])
    await replay.call(CHANGE, cook, item=booking, json={"status": "cancelled"})
    seen = await replay.call("GET /api/coocook/bookings/{id}", demo, item=booking)
    assert (seen["status"], seen["special_requests"]) == ("canceled", "")
