"""What coocook's fixtures hand to tests: the payment sandbox, payments that were left open, and their jobs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any

import httpx
from sqlalchemy import text, update

from coocook_service.bookings.settlement import ChargeRequest, claim
from coocook_service.schema import BookingPayment
from coocook_service.worker import build_jobs
from services.coocook.tests.factories import CUSTOMER
from shared.db.database import Database
from shared.payments.provider import PaymentProvider
from shared.runtime import Runtime

Published = Callable[[], Awaitable[list[str]]]
CommittedClient = Callable[[], AbstractAsyncContextManager[httpx.AsyncClient]]


class Till:
    """What the payment sandbox was asked for, and orders for it to misbehave."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def charges(self) -> list[dict[str, Any]]:
        return await self._listing("charges")

    async def refunds(self) -> list[dict[str, Any]]:
        return await self._listing("refunds")

    async def order(self, **fault: Any) -> None:
        (await self._http.post("faults", json={"path": "/v1/payment_intents", **fault})).raise_for_status()

    async def reset(self) -> None:
        (await self._http.post("reset")).raise_for_status()

    async def _listing(self, kind: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self._http.get(kind)).json()["data"]
        return found


def charge_request(booking_id: int, key: str | None = None) -> ChargeRequest:
    return ChargeRequest(booking_id, CUSTOMER, amount=None, customer="cus_demo_test", request_key=key)


async def claimed(database: Database, booking_id: int, key: str | None = None) -> BookingPayment:
    """A payment whose process died right after the claim."""
    async with database.session() as session:
        payment, _ = await claim(session, charge_request(booking_id, key))
        return payment


async def waiting(database: Database, job: str) -> list[int]:
    """The payments for which jobs wait."""
    async with database.session() as session:
        rows = await session.execute(
            text(
                "SELECT convert_from(payload, 'utf8')::json ->> 'payment_id' FROM pgqueuer WHERE entrypoint = :job"
            ),
            {"job": job},
        )
        return [int(payment_id) for payment_id in rows.scalars()]


async def run_job(runtime: Runtime, provider: PaymentProvider, job: str) -> None:
    """Do what waits, as the worker would when its time has come."""
    task = build_jobs(provider).tasks[job]
    for payment_id in await waiting(runtime.database, job):
        await task.handler(runtime, {"payment_id": payment_id})


async def state(database: Database, payment_id: int) -> tuple[str, str]:
    """The booking's and the payment's status."""
    async with database.session() as session:
        payment = await session.get_one(BookingPayment, payment_id)
        status = await session.scalar(
            text("SELECT status FROM bookings WHERE id = :id"), {"id": payment.booking_id}
        )
        return str(status), payment.status


async def age(database: Database, payment_id: int, by: timedelta) -> None:
    async with database.session() as session:
        await session.execute(
            update(BookingPayment)
            .where(BookingPayment.id == payment_id)
            .values(created_at=BookingPayment.created_at - by)
        )
