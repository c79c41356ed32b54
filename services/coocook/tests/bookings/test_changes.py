"""The chef's decision about a booking, and the customer's cancellation."""

from __future__ import annotations

import httpx
import pytest

from services.coocook.tests.factories import (
    OTHER,
    Person,
    at_seoul,
    make_booking,
    make_chef,
)
from services.coocook.tests.kit import Published
from testing.rollback import TestDatabase


@pytest.fixture
async def booking_id(db: TestDatabase, chef_id: int) -> int:
    return await make_booking(db, chef_id, status="pending")


async def test_the_chef_leads_a_paid_booking_to_its_end(
    cook: Person, chef_id: int, db: TestDatabase, published: Published
) -> None:
    booking_id = await make_booking(db, chef_id, status="pending", paid=True, starts_at=at_seoul(-1, 10))
    for status in ("confirmed", "completed"):
        answer = await cook.put(f"/bookings/{booking_id}", {"status": status})
        assert answer.status_code == 200, answer.text
        assert answer.json()["message"]
        assert (await cook.get(f"/bookings/{booking_id}")).json()["status"] == status
    assert await published() == ["booking.confirmed", "booking.completed"]


@pytest.mark.parametrize(
    ("paid", "days", "code"), [(False, -1, "not_paid"), (False, 3, "not_paid"), (True, 3, "not_over")]
)
async def test_only_what_is_paid_and_over_is_completed(
    cook: Person, customer: Person, chef_id: int, db: TestDatabase, paid: bool, days: int, code: str
) -> None:
    booking_id = await make_booking(
        db, chef_id, status="confirmed", paid=paid, starts_at=at_seoul(days, 10), expires_at=None
    )
    answer = await cook.put(f"/bookings/{booking_id}", {"status": "completed"})
    assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert answer.json()["error"]
    review = await customer.post(f"/bookings/{booking_id}/review", {"rating": 5, "comment": "Of nothing"})
    assert (review.status_code, review.json()["code"]) == (400, "not_completed")


async def test_only_the_booked_chef_may(
    customer: Person, client: httpx.AsyncClient, booking_id: int, db: TestDatabase
) -> None:
    await make_chef(db, user_id=OTHER)
    for person in (customer, Person(client, OTHER)):
        answer = await person.put(f"/bookings/{booking_id}", {"status": "confirmed"})
        assert (answer.status_code, answer.json()["code"]) == (403, "not_the_chef")


@pytest.mark.parametrize(
    ("now", "wanted"),
    [
        ("pending", "completed"),
        ("confirmed", "pending"),
        ("completed", "canceled"),
        ("completed", "confirmed"),
        ("canceled", "confirmed"),
        ("canceled", "pending"),
    ],
)
async def test_a_status_does_not_go_back_or_skip(
    cook: Person, chef_id: int, db: TestDatabase, now: str, wanted: str
) -> None:
    booking_id = await make_booking(db, chef_id, status=now)
    answer = await cook.put(f"/bookings/{booking_id}", {"status": wanted})
    assert (answer.status_code, answer.json()["code"]) == (409, "invalid_transition")
    assert now in answer.json()["error"]
    assert (await cook.get(f"/bookings/{booking_id}")).json()["status"] == now


async def test_saying_it_again_changes_nothing(cook: Person, booking_id: int, published: Published) -> None:
    for _ in range(2):
        assert (await cook.put(f"/bookings/{booking_id}", {"status": "confirmed"})).status_code == 200
    assert await published() == ["booking.confirmed"]


@pytest.mark.parametrize("status", ["done", "", None, 1, "CONFIRMED"])
async def test_another_status_is_refused(cook: Person, booking_id: int, status: object) -> None:
    answer = await cook.put(f"/bookings/{booking_id}", {"status": status})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "status")


async def test_an_unknown_booking_is_not_found(cook: Person, chef_id: int) -> None:
    answer = await cook.put(f"/bookings/{2**62}", {"status": "confirmed"})
    assert (answer.status_code, answer.json()["code"]) == (404, "booking_not_found")


async def test_customers_cancel_their_own_booking_and_nobody_elses(
    customer: Person, cook: Person, client: httpx.AsyncClient, booking_id: int, published: Published
) -> None:
    for person in (cook, Person(client, OTHER)):
        assert (await person.post(f"/bookings/{booking_id}/cancel")).status_code == 404
    canceled = await customer.post(f"/bookings/{booking_id}/cancel")
    assert canceled.status_code == 200
    assert (canceled.json()["status"], canceled.json()["refunded"]) == ("canceled", False)
    assert (await customer.get(f"/bookings/{booking_id}")).json()["cancel_reason"] == "customer"
    assert (await customer.post(f"/bookings/{booking_id}/cancel")).status_code == 200
    assert await published() == ["booking.canceled"]


async def test_a_completed_booking_cannot_be_canceled(
    customer: Person, chef_id: int, db: TestDatabase
) -> None:
    booking_id = await make_booking(db, chef_id, status="completed", starts_at=at_seoul(-3, 10))
    assert (await customer.post(f"/bookings/{booking_id}/cancel")).status_code == 409
