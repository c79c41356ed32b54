"""Paying for a booking."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from services.coocook.tests.factories import (
    COOK,
    CUSTOMER,
    OTHER,
    Person,
    at_seoul,
    make_booking,
    subscribe,
)
from services.coocook.tests.kit import Published, Till
from testing.metrics import sample
from testing.rollback import TestDatabase

pytestmark = pytest.mark.usefixtures("till")


@pytest.fixture
async def booking_id(db: TestDatabase, chef_id: int) -> int:
    return await make_booking(db, chef_id, status="pending", duration_hours=2)


async def test_paying_charges_once_and_confirms(
    customer: Person, booking_id: int, till: Till, published: Published
) -> None:
    succeeded = sample("payments_total", kind="booking", outcome="succeeded")
    paid = await customer.post(f"/bookings/{booking_id}/pay", {})
    assert paid.status_code == 200, paid.text
    answer = paid.json()
    assert answer["message"]
    assert answer["payment_id"] > 0
    assert (answer["booking_id"], answer["amount"]) == (booking_id, 240)
    booking = (await customer.get(f"/bookings/{booking_id}")).json()
    assert (booking["status"], booking["payment_status"]) == ("confirmed", "succeeded")
    (charge,) = await till.charges()
    assert (charge["amount"], charge["currency"], charge["customer"]) == (24000, "usd", "cus_demo_test")
    assert (charge["metadata"]["flow"], charge["metadata"]["booking_id"]) == ("booking", str(booking_id))
    assert await published() == ["booking.confirmed"]
    assert sample("payments_total", kind="booking", outcome="succeeded") == succeeded + 1


@pytest.mark.parametrize("body", [None, {}, {"amount": 240}, {"amount": "240.00"}, {"amount": None}])
async def test_the_amount_may_be_left_out(customer: Person, booking_id: int, body: Any) -> None:
    assert (await customer.post(f"/bookings/{booking_id}/pay", body)).status_code == 200


@pytest.mark.parametrize("amount", [239.99, 241, 0, -240])
async def test_another_amount_is_refused(
    customer: Person, booking_id: int, till: Till, amount: float
) -> None:
    answer = await customer.post(f"/bookings/{booking_id}/pay", {"amount": amount})
    assert (answer.status_code, answer.json()["code"]) == (400, "amount_differs")
    assert "240.00 USD" in answer.json()["error"]
    assert await till.charges() == []


async def test_the_same_key_gets_the_same_answer_and_none_gets_a_refusal(
    customer: Person, booking_id: int, till: Till
) -> None:
    first = await customer.post(f"/bookings/{booking_id}/pay", {}, key="k")
    again = await customer.post(f"/bookings/{booking_id}/pay", {"amount": 240}, key="k")
    assert (again.status_code, again.content) == (200, first.content)
    for key in (None, "another"):
        refused = await customer.post(f"/bookings/{booking_id}/pay", {}, key=key)
        assert (refused.status_code, refused.json()["code"]) == (409, "already_paid")
    assert len(await till.charges()) == 1


async def test_a_key_pays_for_one_booking_only(
    customer: Person, booking_id: int, chef_id: int, db: TestDatabase, till: Till
) -> None:
    other = await make_booking(db, chef_id, status="pending", starts_at=at_seoul(5, 10))
    assert (await customer.post(f"/bookings/{booking_id}/pay", {}, key="k")).status_code == 200
    reused = await customer.post(f"/bookings/{other}/pay", {}, key="k")
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")
    assert len(await till.charges()) == 1


async def test_only_the_customer_pays(client: httpx.AsyncClient, booking_id: int, till: Till) -> None:
    for user in (OTHER, COOK):
        answer = await Person(client, user).post(f"/bookings/{booking_id}/pay", {})
        assert (answer.status_code, answer.json()["code"]) == (403, "not_your_booking")
    missing = await Person(client, CUSTOMER).post(f"/bookings/{2**62}/pay", {})
    assert (missing.status_code, missing.json()["code"]) == (404, "booking_not_found")
    assert await till.charges() == []


async def test_a_canceled_booking_cannot_be_paid(
    customer: Person, chef_id: int, db: TestDatabase, till: Till
) -> None:
    booking_id = await make_booking(db, chef_id, status="canceled")
    answer = await customer.post(f"/bookings/{booking_id}/pay", {})
    assert (answer.status_code, answer.json()["code"]) == (409, "canceled_booking")
    assert await till.charges() == []


async def test_what_the_chef_has_accepted_is_still_to_be_paid(
    customer: Person, chef_id: int, db: TestDatabase, published: Published
) -> None:
    booking_id = await make_booking(db, chef_id, status="confirmed", starts_at=at_seoul(3, 10))
    assert (await customer.post(f"/bookings/{booking_id}/pay", {})).status_code == 200
    booking = (await customer.get(f"/bookings/{booking_id}")).json()
    assert (booking["status"], booking["expires_at"]) == ("confirmed", None)
    assert await published() == []


async def test_a_declined_card_leaves_the_booking_to_be_paid_later(
    customer: Person, booking_id: int, till: Till
) -> None:
    await till.order(mode="decline")
    declined = await customer.post(f"/bookings/{booking_id}/pay", {}, key="k")
    assert (declined.status_code, declined.json()["code"]) == (402, "card_declined")
    booking = (await customer.get(f"/bookings/{booking_id}")).json()
    assert (booking["status"], booking["payment_status"]) == ("pending", "failed")
    assert (await customer.post(f"/bookings/{booking_id}/pay", {}, key="k")).status_code == 200
    charged = [charge for charge in await till.charges() if charge["status"] == "succeeded"]
    assert len(charged) == 1


async def test_without_a_card_on_file_it_says_what_to_do(
    client: httpx.AsyncClient, chef_id: int, db: TestDatabase
) -> None:
    await subscribe(db, 301, customer=None)
    await subscribe(db, 302, customer="cus_unknown")
    for user, code in ((301, "no_card"), (302, "payment_method_missing")):
        booking_id = await make_booking(
            db, chef_id, user, status="pending", starts_at=at_seoul(5, user - 290)
        )
        answer = await Person(client, user).post(f"/bookings/{booking_id}/pay", {})
        assert (answer.status_code, answer.json()["code"]) == (402, code)
        assert answer.json()["error"]


@pytest.mark.parametrize("body", [{"amount": "x"}, {"amount": True}, {"amount": 1.234}, [], "240"])
async def test_a_wrong_body_is_refused(customer: Person, booking_id: int, till: Till, body: Any) -> None:
    assert (await customer.post(f"/bookings/{booking_id}/pay", body)).status_code == 422
    assert await till.charges() == []


async def test_money_without_decimals_is_charged_whole(
    customer: Person, db: TestDatabase, till: Till, chef_id: int
) -> None:
    booking_id = await make_booking(
        db, chef_id, status="pending", starts_at=at_seoul(6, 10), total_price=150_000, currency="KRW"
    )
    paid = await customer.post(f"/bookings/{booking_id}/pay", {"amount": 150000})
    assert (paid.status_code, paid.json()["amount"], paid.json()["currency"]) == (200, 150000, "KRW")
    assert (await till.charges())[0]["amount"] == 150_000
