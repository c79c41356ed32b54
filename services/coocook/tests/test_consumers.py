"""What coocook does when platform tells something."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from coocook_service.chef_accounts import ACCOUNTS, CHEF_UNAVAILABLE_JOB, cancel_of_unavailable_chef
from coocook_service.consumers import consumer_of
from coocook_service.resources import entitlements_of
from coocook_service.schema import Booking, BookingPayment, Chef, Review
from services.coocook.tests.factories import (
    COOK,
    CUSTOMER,
    Person,
    at_seoul,
    day_in,
    make_booking,
    make_chef,
    subscribe,
)
from services.coocook.tests.kit import Published
from shared.runtime import Runtime
from shared.service import ServiceDefinition
from testing.conformance import telling
from testing.jobs import enqueued
from testing.rollback import TestDatabase

pytestmark = pytest.mark.usefixtures("till")


tell = telling(consumer_of)


def entitlement(version: int, **values: Any) -> dict[str, Any]:
    defaults = {
        "user_id": CUSTOMER,
        "product": "coocook",
        "active": True,
        "valid_until": None,
        "customer": "cus_1",
    }
    return {**defaults, "version": version, **values}


async def test_a_subscription_lets_in_and_its_end_shuts_out(
    runtime: Runtime, client: httpx.AsyncClient
) -> None:
    customer = Person(client, CUSTOMER)
    await tell(runtime, "entitlement.changed", **entitlement(1))
    assert (await customer.get("/bookings")).status_code == 200
    await tell(runtime, "entitlement.changed", **entitlement(2, active=False))
    assert (await customer.get("/bookings")).status_code == 403


async def test_what_is_told_late_changes_nothing(runtime: Runtime, client: httpx.AsyncClient) -> None:
    await tell(runtime, "entitlement.changed", **entitlement(2))
    await tell(runtime, "entitlement.changed", **entitlement(1, active=False))
    assert (await Person(client, CUSTOMER).get("/bookings")).status_code == 200


async def test_a_subscription_that_has_run_out_shuts_out(runtime: Runtime, client: httpx.AsyncClient) -> None:
    await tell(runtime, "entitlement.changed", **entitlement(1, valid_until="2020-01-01T00:00:00Z"))
    assert (await Person(client, CUSTOMER).get("/bookings")).status_code == 403


@pytest.fixture
async def chef_id(db: TestDatabase) -> int:
    await subscribe(db, COOK, CUSTOMER)
    return await make_chef(db, bio="About me")


async def _pay(client: httpx.AsyncClient, booking_id: int) -> None:
    assert (await Person(client, CUSTOMER).post(f"/bookings/{booking_id}/pay", {})).status_code == 200


async def test_when_a_chef_is_gone_customers_get_their_money_and_their_time_back(
    runtime: Runtime, client: httpx.AsyncClient, chef_id: int, db: TestDatabase, published: Published
) -> None:
    paid = await make_booking(db, chef_id, status="pending", starts_at=at_seoul(1, 9))
    unpaid = await make_booking(db, chef_id, status="pending", starts_at=at_seoul(2, 9))
    done = await make_booking(db, chef_id, status="completed", paid=False, starts_at=at_seoul(-2, 9))
    await _pay(client, paid)
    assert (await client.get("/api/coocook/chefs")).json()["total"] == 1
    for _ in range(2):
        await tell(runtime, "user.deleted", user_id=COOK)
    assert (await client.get("/api/coocook/chefs")).json()["total"] == 0
    assert (await client.get(f"/api/coocook/chefs/{chef_id}")).status_code == 404
    async with db.session() as session:
        chef = await session.get_one(Chef, chef_id)
        assert (chef.name, chef.bio, chef.is_active) == ("Deleted chef", None, False)
        bookings = {booking.id: booking.status for booking in await session.scalars(select(Booking))}
        payments = list(await session.scalars(select(BookingPayment.status)))
    assert bookings == {paid: "canceled", unpaid: "canceled", done: "completed"}
    assert payments == ["refunding"]
    assert [name for name, _ in await enqueued(db)].count("payments.refund") == 1
    assert (await published()).count("booking.canceled") == 2


async def test_when_a_customer_is_gone_their_words_and_open_bookings_are_too(
    runtime: Runtime, client: httpx.AsyncClient, chef_id: int, db: TestDatabase
) -> None:
    completed = await make_booking(db, chef_id, special_requests="I am allergic", starts_at=at_seoul(-2, 9))
    soon = await make_booking(db, chef_id, status="pending", starts_at=at_seoul(30, 9))
    customer = Person(client, CUSTOMER)
    await customer.post(f"/bookings/{completed}/review", {"rating": 5, "comment": "From me"})
    reviews = f"/api/coocook/chefs/{chef_id}/reviews"
    assert (await client.get(reviews)).json()["reviews"][0]["comment"] == "From me"
    await tell(runtime, "user.deleted", user_id=CUSTOMER)
    assert (await client.get(reviews)).json()["reviews"][0]["comment"] == ""
    assert (await client.get(reviews)).json()["average_rating"] == 5
    async with db.session() as session:
        assert (await session.get_one(Booking, completed)).special_requests == ""
        assert (await session.get_one(Booking, soon)).status == "canceled"
        assert len(list(await session.scalars(select(Review)))) == 1
    assert (await customer.get("/bookings")).status_code == 403


def account(version: int, *, is_active: bool) -> dict[str, Any]:
    return {"user_id": COOK, "email": "a@b.c", "name": "A", "is_active": is_active, "version": version}


async def test_who_is_deactivated_is_not_booked_and_what_was_booked_is_canceled_and_refunded(
    runtime: Runtime, client: httpx.AsyncClient, chef_id: int, db: TestDatabase, published: Published
) -> None:
    paid = await make_booking(db, chef_id, status="pending", starts_at=at_seoul(1, 9))
    unpaid = await make_booking(db, chef_id, status="confirmed", starts_at=at_seoul(2, 9))
    over = await make_booking(db, chef_id, status="confirmed", paid=True, starts_at=at_seoul(-2, 9))
    await _pay(client, paid)
    assert (await client.get("/api/coocook/chefs")).json()["total"] == 1
    await tell(runtime, "user.updated", **account(2, is_active=False))
    assert (await client.get("/api/coocook/chefs")).json()["total"] == 0
    for path in ("", "/reviews", f"/slots?date={day_in(3)}"):
        assert (await client.get(f"/api/coocook/chefs/{chef_id}{path}")).status_code == 404
    customer = Person(client, CUSTOMER)
    assert (await customer.book(chef_id, day_in(3))).status_code == 404
    ((_, payload),) = [job for job in await enqueued(db) if job[0] == CHEF_UNAVAILABLE_JOB]
    for _ in range(2):
        await cancel_of_unavailable_chef(db, **payload)
    reasons = {
        booking["id"]: (booking["status"], booking["cancel_reason"])
        for booking in (await customer.get("/bookings")).json()
    }
    gone = ("canceled", "chef_unavailable")
    assert reasons == {paid: gone, unpaid: gone, over: ("confirmed", None)}
    assert (await customer.get(f"/bookings/{paid}")).json()["payment_status"] == "refunding"
    assert [name for name, _ in await enqueued(db)].count("payments.refund") == 1
    assert (await published()).count("booking.canceled") == 2


async def test_who_is_active_again_is_booked_again_and_old_news_changes_nothing(
    runtime: Runtime, client: httpx.AsyncClient, chef_id: int, db: TestDatabase
) -> None:
    booking_id = await make_booking(db, chef_id, status="pending", starts_at=at_seoul(1, 9))
    await tell(runtime, "user.updated", **account(3, is_active=True))
    await tell(runtime, "user.updated", **account(2, is_active=False))
    assert (await client.get(f"/api/coocook/chefs/{chef_id}")).status_code == 200
    await tell(runtime, "user.updated", **account(4, is_active=False))
    await tell(runtime, "user.updated", **account(5, is_active=True))
    await cancel_of_unavailable_chef(db, chef_id=chef_id)
    customer = Person(client, CUSTOMER)
    assert (await customer.get(f"/bookings/{booking_id}")).json()["status"] == "pending"
    assert (await customer.book(chef_id, day_in(3))).status_code == 201


async def test_accounts_that_were_deactivated_unheard_are_followed_by_command(
    runtime: Runtime,
    client: httpx.AsyncClient,
    chef_id: int,
    db: TestDatabase,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    accounts = [account(2, is_active=False), account(1, is_active=True) | {"user_id": CUSTOMER}]

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"items": accounts, "next": None})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        monkeypatch.setattr(runtime, "http", http)
        assert await ACCOUNTS.run(Namespace(action="rebuild"), runtime) == 0
    assert (await client.get(f"/api/coocook/chefs/{chef_id}")).status_code == 404
    assert (CHEF_UNAVAILABLE_JOB, {"chef_id": chef_id}) in await enqueued(db)


async def test_a_user_who_never_was_here_leaves_nothing_to_do(runtime: Runtime, published: Published) -> None:
    await tell(runtime, "user.deleted", user_id=999)
    assert await published() == []


async def test_the_copy_is_rebuilt_from_platforms_snapshot(
    runtime: Runtime, client: httpx.AsyncClient, db: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = {None: ([entitlement(3)], "next"), "next": ([entitlement(1, user_id=CUSTOMER + 1)], None)}

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/internal/snapshots/entitlements"
        items, following = pages[request.url.params.get("after")]
        return httpx.Response(200, json={"items": items, "next": following})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        monkeypatch.setattr(runtime, "http", http)
        assert await entitlements_of(runtime).rebuild() == 2
    for user in (CUSTOMER, CUSTOMER + 1):
        assert (await Person(client, user).get("/bookings")).status_code == 200


async def test_without_platform_the_rebuild_says_so(
    runtime: Runtime, definition: ServiceDefinition, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in definition.commands:
        assert await command.run(Namespace(action="rebuild"), runtime) == 1
        assert "platform does not answer" in capsys.readouterr().err
