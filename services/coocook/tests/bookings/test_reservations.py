"""Reservations end: by when they are to be paid, whose the time is afterwards, and how many a customer may have."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from coocook_service.bookings import changes
from coocook_service.schema import Booking, Outbox
from services.coocook.tests.factories import (
    CUSTOMER,
    Person,
    at_seoul,
    day_in,
    expire,
    make_booking,
    make_chef,
    subscribe,
)
from services.coocook.tests.kit import CommittedClient
from shared.db.database import Database
from testing import eventually
from testing.rollback import TestDatabase

pytestmark = pytest.mark.usefixtures("till")


async def _canceled(database: Database) -> list[tuple[int, str]]:
    """The bookings that were announced to be canceled, with the reason."""
    async with database.session() as session:
        events = await session.scalars(
            select(Outbox.data).where(Outbox.type == "booking.canceled").order_by(Outbox.id)
        )
        return [(data["booking_id"], data["reason"]) for data in events]


def _until(moment: str) -> timedelta:
    return datetime.fromisoformat(moment) - datetime.now(UTC)


async def test_a_reservation_says_by_when_to_pay_until_it_is_paid(customer: Person, chef_id: int) -> None:
    made = (await customer.book(chef_id, day_in(3))).json()
    assert timedelta(seconds=1790) < _until(made["expires_at"]) <= timedelta(seconds=1800)
    assert f"{datetime.fromisoformat(made['expires_at']):%H:%M} UTC" in made["message"]
    path = f"/bookings/{made['id']}"
    assert (await customer.get(path)).json()["expires_at"] == made["expires_at"]
    assert (await customer.get("/bookings")).json()[0]["expires_at"] == made["expires_at"]
    assert (await customer.post(f"{path}/pay", {})).status_code == 200
    booking = (await customer.get(path)).json()
    assert (booking["status"], booking["expires_at"], booking["cancel_reason"]) == ("confirmed", None, None)


async def test_a_reservation_never_waits_beyond_its_start(customer: Person, db: TestDatabase) -> None:
    chef_id = await make_chef(db, opens_hour=0, closes_hour=24, timezone="UTC")
    soon = datetime.now(UTC) + timedelta(minutes=5)
    made = await customer.book(chef_id, soon.isoformat(), hours=1)
    if made.status_code == 422:  # the last hour of the day
        soon = soon.replace(hour=0, minute=0) + timedelta(days=1)
        made = await customer.book(chef_id, soon.isoformat(), hours=1)
    assert made.json()["expires_at"] <= made.json()["starts_at"]


@pytest.mark.parametrize("wanted", [f"{day_in(3)}T15:00", day_in(3)])
async def test_what_was_not_paid_in_time_is_free_at_once(
    customer: Person, other: Person, chef_id: int, db: TestDatabase, client: httpx.AsyncClient, wanted: str
) -> None:
    made = await customer.book(chef_id, day_in(3), hours=12)
    assert (await other.book(chef_id, wanted)).status_code == 409
    await expire(db, made.json()["id"])
    slots = f"/api/coocook/chefs/{chef_id}/slots?date={day_in(3)}&duration_hours=12"
    assert len((await client.get(slots)).json()["starts"]) == 1
    assert (await other.book(chef_id, wanted)).status_code == 201
    assert await _canceled(db) == [(made.json()["id"], "expired")]


async def test_what_has_expired_reads_as_canceled_before_anything_has_run(
    customer: Person, cook: Person, chef_id: int, db: TestDatabase
) -> None:
    booking_id = await make_booking(db, chef_id, status="pending")
    await expire(db, booking_id)
    for shown in (
        (await customer.get(f"/bookings/{booking_id}")).json(),
        (await customer.get("/bookings")).json()[0],
        (await cook.get("/chefs/me/bookings")).json()[0],
    ):
        assert (shown["status"], shown["cancel_reason"]) == ("canceled", "expired")
        assert shown["expires_at"] is None
    assert (await cook.put(f"/bookings/{booking_id}", {"status": "confirmed"})).status_code == 409
    canceled = await customer.post(f"/bookings/{booking_id}/cancel")
    assert (canceled.status_code, canceled.json()["status"]) == (200, "canceled")
    assert await _canceled(db) == [(booking_id, "expired")]


async def test_the_schedule_cancels_what_has_expired_and_nothing_else(
    db: TestDatabase, chef_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    expired = [
        await make_booking(db, chef_id, status="pending", starts_at=at_seoul(3, 9 + hour))
        for hour in range(5)
    ]
    paid = await make_booking(db, chef_id, status="confirmed", paid=True, starts_at=at_seoul(4, 9))
    await expire(db, *expired, paid)  # as a release wrote it that did not know of deadlines
    waiting = await make_booking(db, chef_id, status="pending", starts_at=at_seoul(5, 9))
    monkeypatch.setattr(changes, "AT_A_TIME", 2)
    assert await changes.cancel_all_expired(db) == 5
    assert await changes.cancel_all_expired(db) == 0
    async with db.session() as session:
        left = await session.scalars(select(Booking.id).where(Booking.status != "canceled"))
        assert set(left) == {paid, waiting}
    assert await _canceled(db) == [(booking_id, "expired") for booking_id in expired]


async def test_the_chefs_yes_gives_more_time_to_pay_but_not_beyond_the_start(
    customer: Person, cook: Person, chef_id: int, db: TestDatabase
) -> None:
    tomorrow = datetime.now(UTC) + timedelta(hours=10)
    for starts_at, until in ((at_seoul(7, 10), timedelta(days=1)), (tomorrow, timedelta(hours=10))):
        booking_id = await make_booking(db, chef_id, status="pending", starts_at=starts_at)
        assert (await cook.put(f"/bookings/{booking_id}", {"status": "confirmed"})).status_code == 200
        booking = (await customer.get(f"/bookings/{booking_id}")).json()
        assert booking["status"] == "confirmed"
        assert until - timedelta(seconds=10) < _until(booking["expires_at"]) <= until
    assert (await customer.post(f"/bookings/{booking_id}/pay", {})).status_code == 200


async def test_a_customer_has_three_unpaid_reservations_whatever_the_chef(
    customer: Person, other: Person, chef_id: int, db: TestDatabase
) -> None:
    second = await make_chef(db, user_id=201)
    made = [
        (await customer.book(chef, day_in(day))).json()["id"]
        for chef, day in ((chef_id, 3), (second, 3), (second, 4))
    ]
    refused = await customer.book(chef_id, day_in(5))
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_reservations")
    assert refused.json()["limit"] == 3
    assert "3 reservations that are not paid" in refused.json()["error"]
    assert (await other.book(chef_id, day_in(5))).status_code == 201
    endings: list[Callable[[int], Any]] = [
        lambda booking_id: customer.post(f"/bookings/{booking_id}/pay", {}),
        lambda booking_id: customer.post(f"/bookings/{booking_id}/cancel"),
        lambda booking_id: expire(db, booking_id),
    ]
    for day, (booking_id, end) in enumerate(zip(made, endings, strict=True), start=6):
        assert (await customer.book(chef_id, day_in(day))).status_code == 409
        await end(booking_id)
        assert (await customer.book(chef_id, day_in(day))).status_code == 201


async def test_who_asks_for_many_at_once_gets_no_more(
    committed_client: CommittedClient, committed_db: Database
) -> None:
    chefs = [await make_chef(committed_db, user_id=400 + number) for number in range(4)]
    await subscribe(committed_db, CUSTOMER)
    async with committed_client() as client:
        person = Person(client, CUSTOMER)
        requests = [partial(person.book, chefs[number % 4], day_in(3 + number)) for number in range(16)]
        # On a slow machine the last ones wait too long for the customer's lock, and are told to ask again.
        answers = await asyncio.gather(
            *(eventually(ask, until=lambda answer: answer.status_code != 503, within=30) for ask in requests)
        )
    assert Counter(answer.status_code for answer in answers) == {201: 3, 409: 13}


async def test_twenty_want_what_has_just_expired_and_one_gets_it(
    committed_client: CommittedClient, committed_db: Database
) -> None:
    chef_id, users = await make_chef(committed_db), range(1000, 1020)
    await subscribe(committed_db, *users)
    starts_at = at_seoul(3, 10)
    expired = [
        await make_booking(
            committed_db, chef_id, status="pending", starts_at=starts_at + timedelta(hours=hour)
        )
        for hour in range(3)
    ]
    await expire(committed_db, *expired)
    async with committed_client() as client:
        answers = await asyncio.gather(
            *(Person(client, user).book(chef_id, starts_at.isoformat(), hours=3) for user in users)
        )
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 19}
    assert await _canceled(committed_db) == [(booking_id, "expired") for booking_id in expired]
