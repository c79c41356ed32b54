"""Reading bookings: the customer's, the chef's, and when a chef is free."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from services.coocook.tests.factories import (
    COOK,
    CUSTOMER,
    OTHER,
    Person,
    at_seoul,
    day_in,
    make_booking,
)
from testing.app import pages_of
from testing.rollback import TestDatabase
from testing.tokens import auth_headers


async def test_the_list_is_bare_and_holds_ones_own_newest_first(
    client: httpx.AsyncClient, chef_id: int, db: TestDatabase
) -> None:
    first = await make_booking(db, chef_id, starts_at=at_seoul(3, 10))
    second = await make_booking(
        db, chef_id, starts_at=at_seoul(3, 11), status="pending", special_requests="No nuts"
    )
    await make_booking(db, chef_id, user_id=OTHER, starts_at=at_seoul(3, 12))
    bookings = (await Person(client, CUSTOMER).get("/bookings")).json()
    assert [booking["id"] for booking in bookings] == [second, first]
    newest = bookings[0]
    assert (newest["chef_name"], newest["chef_cuisine"], newest["booking_date"]) == (
        "Chef Park",
        "Korean",
        day_in(3),
    )
    assert (newest["duration_hours"], newest["total_price"], newest["status"]) == (1, 120, "pending")
    assert newest["special_requests"] == "No nuts"
    assert bookings[1]["special_requests"] == ""
    assert newest["created_at"].endswith("Z")


async def test_limit_and_cursor_lead_through_a_long_list(
    client: httpx.AsyncClient, chef_id: int, db: TestDatabase
) -> None:
    ids = [await make_booking(db, chef_id, starts_at=at_seoul(3, 9 + hour)) for hour in range(5)]
    person, seen, path = Person(client, CUSTOMER), list[int](), "/bookings?limit=2"
    while True:
        page = await person.get(path)
        seen += [booking["id"] for booking in page.json()]
        if "x-next-cursor" not in page.headers:
            break
        path = f"/bookings?limit=2&cursor={page.headers['x-next-cursor']}"
        assert f"<{path.replace('/bookings', '/api/coocook/bookings')}>" in page.headers["link"]
    assert seen == ids[::-1]


async def test_the_list_of_who_has_booked_you_leads_on_too(
    client: httpx.AsyncClient, chef_id: int, db: TestDatabase
) -> None:
    ids = [await make_booking(db, chef_id, starts_at=at_seoul(3, 9 + hour)) for hour in range(3)][::-1]
    path = "/api/coocook/chefs/me/bookings?limit=2"
    assert await pages_of(client, path, auth_headers(COOK)) == [ids[:2], ids[2:]]


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "cursor=nonsense", "cursor=WyIxIl0"])
async def test_a_wrong_place_in_the_list_is_refused(
    client: httpx.AsyncClient, chef_id: int, query: str
) -> None:
    answer = await Person(client, CUSTOMER).get(f"/bookings?{query}")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, query.partition("=")[0])


async def test_a_list_is_one_query_however_long(
    client: httpx.AsyncClient,
    chef_id: int,
    db: TestDatabase,
    query_recorder: Callable[[], Any],
) -> None:
    for hour in range(9, 19):
        await make_booking(db, chef_id, starts_at=at_seoul(3, hour))
    person = Person(client, CUSTOMER)
    await person.get("/bookings")  # so that the entitlement is known
    with query_recorder() as queries:
        assert len((await person.get("/bookings")).json()) == 10
    assert len(queries) == 1


async def test_a_booking_is_seen_by_its_two_sides_only(
    client: httpx.AsyncClient, chef_id: int, db: TestDatabase
) -> None:
    booking_id = await make_booking(db, chef_id)
    for user, status in ((CUSTOMER, 200), (COOK, 200), (OTHER, 404)):
        assert (await Person(client, user).get(f"/bookings/{booking_id}")).status_code == status
    assert (await Person(client, CUSTOMER).get(f"/bookings/{2**63}")).status_code == 422


async def test_chefs_list_what_they_have_to_serve(
    client: httpx.AsyncClient, chef_id: int, db: TestDatabase
) -> None:
    booking_id = await make_booking(db, chef_id, status="confirmed")
    (served,) = (await Person(client, COOK).get("/chefs/me/bookings")).json()
    assert (served["id"], served["user_id"], served["status"]) == (booking_id, CUSTOMER, "confirmed")
    assert (await Person(client, OTHER).get("/chefs/me/bookings")).json() == []


async def test_free_starts_of_a_day_leave_out_what_is_taken(
    client: httpx.AsyncClient, chef_id: int, db: TestDatabase
) -> None:
    await make_booking(db, chef_id, starts_at=at_seoul(3, 10), duration_hours=10, status="pending")
    free = (await client.get(f"/api/coocook/chefs/{chef_id}/slots?date={day_in(3)}&duration_hours=1")).json()
    assert (free["chef_id"], free["date"], free["timezone"]) == (chef_id, day_in(3), "Asia/Seoul")
    assert free["starts"] == [f"{at_seoul(3, hour).isoformat()[:19]}Z" for hour in (9, 20)]


@pytest.mark.parametrize("days", [-1, 366])
async def test_there_are_no_free_starts_outside_the_year_ahead(
    client: httpx.AsyncClient, chef_id: int, days: int
) -> None:
    free = await client.get(f"/api/coocook/chefs/{chef_id}/slots?date={day_in(days)}")
    assert (free.status_code, free.json()["starts"]) == (200, [])


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "date"),
        ("date=soon", "date"),
        ("date=9999-12-31", "date"),
        ("date=2030-01-01&duration_hours=13", "duration_hours"),
    ],
)
async def test_a_wrong_question_for_free_starts_is_refused(
    client: httpx.AsyncClient, chef_id: int, query: str, field: str
) -> None:
    answer = await client.get(f"/api/coocook/chefs/{chef_id}/slots?{query}")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
