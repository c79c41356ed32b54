"""Payments that were left open, and the jobs that wait for them."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text, update

from coocook_service.jobs import jobs_with
from coocook_service.paying_bookings.settlement import ChargeRequest, claim
from coocook_service.schema import BookingPayment
from services.coocook.tests.factories import CUSTOMER
from shared.db.database import Database
from shared.payments.provider import PaymentProvider
from shared.runtime import Runtime


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
    task = jobs_with(provider).tasks[job]
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
