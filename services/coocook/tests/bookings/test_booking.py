"""Booking a chef."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.coocook.tests.factories import (
    COOK,
    Person,
    at_seoul,
    day_in,
    make_booking,
    make_chef,
)
from testing.rollback import TestDatabase


async def test_a_date_gets_the_first_free_start_of_that_day(customer: Person, chef_id: int) -> None:
    first = await customer.book(chef_id, day_in(3), hours=2)
    assert first.status_code == 201, first.text
    assert first.json()["message"]
    assert first.json()["total_price"] == 240
    second = await customer.book(chef_id, f"{day_in(3)}T00:00:00.000Z", hours=3)
    starts = [answer.json()["starts_at"] for answer in (first, second)]
    assert starts == [f"{at_seoul(3, hour).isoformat()[:19]}Z" for hour in (9, 11)]


async def test_a_booking_reads_as_the_contract_says(customer: Person, chef_id: int) -> None:
    made = (await customer.book(chef_id, day_in(3), special_requests="No nuts")).json()
    booking = (await customer.get(f"/bookings/{made['id']}")).json()
    assert (booking["chef_id"], booking["chef_name"], booking["booking_date"]) == (
        chef_id,
        "Chef Park",
        day_in(3),
    )
    assert (booking["duration_hours"], booking["total_price"], booking["status"]) == (2, 240, "pending")
    assert (booking["special_requests"], booking["payment_status"]) == ("No nuts", None)
    assert booking["created_at"].endswith("Z")


async def test_a_time_without_offset_is_the_chefs_clock(customer: Person, chef_id: int) -> None:
    made = await customer.book(chef_id, f"{day_in(3)}T19:00")
    assert made.json()["starts_at"] == f"{at_seoul(3, 19).isoformat()[:19]}Z"
    taken = await customer.book(chef_id, made.json()["starts_at"])
    assert (taken.status_code, taken.json()["code"]) == (409, "chef_unavailable")


async def test_a_time_that_overlaps_partly_is_taken_and_the_next_moment_is_free(
    customer: Person, chef_id: int
) -> None:
    assert (await customer.book(chef_id, f"{day_in(3)}T12:00", hours=3)).status_code == 201
    for time, hours in (("11:00", 2), ("14:59", 1), ("11:00", 6), ("13:00", 1)):
        assert (await customer.book(chef_id, f"{day_in(3)}T{time}", hours=hours)).status_code == 409
    assert (await customer.book(chef_id, f"{day_in(3)}T15:00")).status_code == 201
    assert (await customer.book(chef_id, f"{day_in(3)}T10:00")).status_code == 201


async def test_a_full_day_is_said_to_be_full(customer: Person, chef_id: int) -> None:
    assert (await customer.book(chef_id, day_in(3), hours=12)).status_code == 201
    full = await customer.book(chef_id, day_in(3), hours=1)
    assert (full.status_code, full.json()["code"]) == (409, "day_full")
    assert (await customer.book(chef_id, day_in(4), hours=1)).status_code == 201


async def test_the_same_user_may_have_two_chefs_at_once(
    customer: Person, chef_id: int, db: TestDatabase
) -> None:
    other = await make_chef(db, user_id=201)
    assert (await customer.book(chef_id, f"{day_in(3)}T19:00")).status_code == 201
    assert (await customer.book(other, f"{day_in(3)}T19:00")).status_code == 201


async def test_a_canceled_booking_frees_its_time_and_a_completed_one_keeps_it(
    customer: Person, chef_id: int, db: TestDatabase
) -> None:
    await make_booking(db, chef_id, starts_at=at_seoul(3, 10), status="canceled")
    await make_booking(db, chef_id, starts_at=at_seoul(3, 12), status="completed")
    assert (await customer.book(chef_id, f"{day_in(3)}T10:00", hours=1)).status_code == 201
    assert (await customer.book(chef_id, f"{day_in(3)}T12:00", hours=1)).status_code == 409


@pytest.mark.parametrize(
    ("date", "status", "code"),
    [
        ("2020-01-01", 400, "past_date"),
        ("0001-01-01T05:00+09:00", 400, "past_date"),
        ("9999-12-31T23:00-12:00", 422, "too_far_ahead"),
        (day_in(-1), 400, "past_date"),
        (day_in(366), 422, "too_far_ahead"),
        ("someday", 400, "bad_date"),
        ("", 400, "bad_date"),
        ("2026-02-30", 400, "bad_date"),
        (f"{day_in(3)}T08:30", 422, "outside_working_hours"),
        (f"{day_in(3)}T20:00", 422, "outside_working_hours"),
    ],
)
async def test_a_date_that_cannot_be_is_refused(
    customer: Person, chef_id: int, date: str, status: int, code: str
) -> None:
    answer = await customer.book(chef_id, date)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["errors"][0]["field"] == "booking_date"


async def test_a_moment_that_has_just_passed_is_past(customer: Person, db: TestDatabase) -> None:
    chef_id = await make_chef(db, opens_hour=0, closes_hour=24)
    a_minute_ago = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    answer = await customer.book(chef_id, a_minute_ago, hours=1)
    assert (answer.status_code, answer.json()["code"]) == (400, "past_date")


async def test_outside_the_working_hours_the_answer_names_them(customer: Person, chef_id: int) -> None:
    answer = await customer.book(chef_id, f"{day_in(3)}T22:00")
    assert "09:00 to 21:00 (Asia/Seoul)" in answer.json()["error"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"duration_hours": 0}, "duration_hours"),
        ({"duration_hours": 13}, "duration_hours"),
        ({"duration_hours": True}, "duration_hours"),
        ({"duration_hours": None}, "duration_hours"),
        ({"duration_hours": 1.5}, "duration_hours"),
        ({"chef_id": 2**63}, "chef_id"),
        ({"chef_id": 0}, "chef_id"),
        ({"chef_id": "x"}, "chef_id"),
        ({"booking_date": 20261224}, "booking_date"),
        ({"booking_date": None}, "booking_date"),
        ({"special_requests": "x" * 2001}, "special_requests"),
    ],
)
async def test_a_wrong_request_is_refused_by_the_fields_name(
    customer: Person, chef_id: int, change: dict[str, Any], field: str
) -> None:
    body = {"chef_id": chef_id, "booking_date": day_in(3), "duration_hours": 2} | change
    answer = await customer.post("/bookings", body)
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]]


async def test_unknown_and_inactive_chefs_cannot_be_booked(customer: Person, db: TestDatabase) -> None:
    inactive = await make_chef(db, user_id=201, is_active=False)
    for chef in (inactive, 2**63 - 1):
        answer = await customer.book(chef, day_in(3))
        assert (answer.status_code, answer.json()["code"]) == (404, "chef_not_found")


async def test_chefs_cannot_book_themselves(
    customer: Person, chef_id: int, client: httpx.AsyncClient
) -> None:
    answer = await Person(client, COOK).book(chef_id, day_in(3))
    assert (answer.status_code, answer.json()["code"]) == (422, "own_chef")


async def test_a_chef_elsewhere_works_by_another_clock(customer: Person, db: TestDatabase) -> None:
    new_york = await make_chef(db, user_id=201, timezone="America/New_York", opens_hour=17, closes_hour=23)
    made = await customer.book(new_york, day_in(30), hours=6)
    assert made.status_code == 201
    assert made.json()["starts_at"][11:13] in {"21", "22"}
    detail = (await customer.get(f"/bookings/{made.json()['id']}")).json()
    assert detail["booking_date"] == day_in(30)
    too_long = await customer.book(new_york, day_in(31), hours=7)
    assert (too_long.status_code, too_long.json()["errors"][0]["field"]) == (422, "duration_hours")


async def test_the_same_key_books_once(customer: Person, chef_id: int) -> None:
    first = await customer.book(chef_id, day_in(3), key="k")
    again = await customer.book(chef_id, day_in(3), key="k")
    assert (again.status_code, again.content) == (201, first.content)
    assert (await customer.book(chef_id, day_in(4), key="k")).status_code == 422
    assert len((await customer.get("/bookings")).json()) == 1


async def test_a_refused_request_may_be_repeated_with_its_key(
    customer: Person, chef_id: int, db: TestDatabase
) -> None:
    blocking = await make_booking(db, chef_id, starts_at=at_seoul(3, 9), duration_hours=12, status="pending")
    assert (await customer.book(chef_id, day_in(3), key="k")).status_code == 409
    assert (await customer.post(f"/bookings/{blocking}/cancel")).status_code == 200
    assert (await customer.book(chef_id, day_in(3), key="k")).status_code == 201
