"""Rows and people for coocook's tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from sqlalchemy import update
from sqlalchemy.dialects.postgresql import Range

from coocook_service.schema import Booking, BookingPayment, Chef, Entitlement
from shared.db.database import Database
from testing.factories import give_entitlement
from testing.tokens import auth_headers

COOK = 200
"""The user who is the chef of most tests."""
CUSTOMER = 100
OTHER = 300
"""Another customer."""
SEOUL = ZoneInfo("Asia/Seoul")


async def make_chef(database: Database, user_id: int = COOK, **values: Any) -> int:
    """A chef's id."""
    defaults = {
        "name": "Chef Park",
        "cuisine_type": "Korean",
        "location": "Seoul",
        "price_per_session": Decimal(120),
    }
    async with database.session() as session:
        chef = Chef(user_id=user_id, **{**defaults, **values})
        session.add(chef)
        await session.flush()
        return chef.id


async def make_booking(database: Database, chef_id: int, user_id: int = CUSTOMER, **values: Any) -> int:
    """A booking's id: one hour at ten in the morning, 120 USD, completed, unless told otherwise.

    A completed one was paid and a week ago, any other is unpaid and in a week.
    """
    completed = values.setdefault("status", "completed") == "completed"
    paid = values.pop("paid", completed)
    starts_at = values.pop("starts_at", at_seoul(-7 if completed else 7, 10))
    hours = values.pop("duration_hours", 1)
    defaults = {
        "booking_date": starts_at.astimezone(SEOUL).date(),
        "period": Range(starts_at, starts_at + timedelta(hours=hours)),
        "duration_hours": hours,
        "total_price": Decimal(120) * hours,
        "currency": "USD",
    } | ({"expires_at": None} if paid else {})
    async with database.session() as session:
        booking = Booking(user_id=user_id, chef_id=chef_id, **{**defaults, **values})
        session.add(booking)
        await session.flush()
        if paid:
            session.add(payment_of(booking))
        return booking.id


def payment_of(booking: Booking, **values: Any) -> BookingPayment:
    """A payment of all of it, succeeded unless told otherwise."""
    defaults = {"attempt": 1, "customer": "cus_demo_test", "status": "succeeded", "transaction_id": "pi_test"}
    return BookingPayment(
        booking_id=booking.id,
        user_id=booking.user_id,
        amount=booking.total_price,
        currency=booking.currency,
        **{**defaults, **values},
    )


async def expire(database: Database, *booking_ids: int) -> None:
    """Let the deadlines of these reservations pass."""
    async with database.session() as session:
        await session.execute(
            update(Booking)
            .where(Booking.id.in_(booking_ids))
            .values(expires_at=datetime.now(UTC) - timedelta(seconds=1))
        )


async def subscribe(database: Database, *user_ids: int, customer: str | None = "cus_demo_test") -> None:
    """Let these users use coocook."""
    for user_id in user_ids:
        await give_entitlement(database, Entitlement, user_id, product="coocook", customer=customer)


def at_seoul(days: int, hour: int) -> datetime:
    """A moment in so many days, by Seoul's clock."""
    day = datetime.now(SEOUL).date() + timedelta(days=days)
    return datetime(day.year, day.month, day.day, hour, tzinfo=SEOUL).astimezone(UTC)


def day_in(days: int) -> str:
    """A date in so many days, as clients write it."""
    return at_seoul(days, 12).date().isoformat()


class Person:
    """A user with a token, who calls the service by `client`."""

    def __init__(self, client: httpx.AsyncClient, user_id: int, role: str = "user") -> None:
        self._client = client
        self._headers = auth_headers(user_id, role)

    async def call(self, method: str, path: str, json: Any = None, key: str | None = None) -> httpx.Response:
        """One request below /api/coocook; `key` is its Idempotency-Key."""
        headers = self._headers | ({"Idempotency-Key": key} if key else {})
        content = {} if json is None else {"json": json}
        return await self._client.request(method, f"/api/coocook{path}", headers=headers, **content)

    async def get(self, path: str) -> httpx.Response:
        return await self.call("GET", path)

    async def post(self, path: str, json: Any = None, key: str | None = None) -> httpx.Response:
        return await self.call("POST", path, json, key)

    async def put(self, path: str, json: Any) -> httpx.Response:
        return await self.call("PUT", path, json)

    async def patch(self, path: str, json: Any) -> httpx.Response:
        return await self.call("PATCH", path, json)

    async def book(self, chef_id: int, booking_date: str, hours: int = 2, **more: Any) -> httpx.Response:
        """Ask for a booking."""
        key = more.pop("key", None)
        body = {"chef_id": chef_id, "booking_date": booking_date, "duration_hours": hours, **more}
        return await self.post("/bookings", body, key)
