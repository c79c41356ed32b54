"""Paying in time and too late; and a payment that is on its way while the deadline passes."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.dialects.postgresql import Range

from coocook_service.bookings.changes import cancel_all_expired, locked
from coocook_service.bookings.refunds import REFUND_JOB
from coocook_service.bookings.settlement import SETTLE_JOB
from coocook_service.schema import Booking
from services.coocook.tests.factories import (
    CUSTOMER,
    OTHER,
    Person,
    at_seoul,
    expire,
    make_booking,
    make_chef,
    payment_of,
    subscribe,
)
from services.coocook.tests.kit import CommittedClient, Till, claimed, run_job, state
from shared.db.database import Database
from shared.payments.stripe_provider import StripeProvider
from shared.runtime import Runtime
from testing import eventually

pytestmark = pytest.mark.usefixtures("till")


async def _move(database: Database, booking_id: int, *, days: int) -> None:
    """To another day than that for which it was made."""
    starts_at = at_seoul(days, 10)
    async with database.session() as session:
        await session.execute(
            update(Booking)
            .where(Booking.id == booking_id)
            .values(period=Range(starts_at, starts_at + timedelta(hours=1)))
        )


async def test_what_has_expired_cannot_be_paid(
    committed_client: CommittedClient, committed_db: Database, open_booking: int, till: Till
) -> None:
    await expire(committed_db, open_booking)
    async with committed_client() as client:
        for _ in ("before the schedule", "and after"):
            late = await Person(client, CUSTOMER).post(f"/bookings/{open_booking}/pay", {})
            assert (late.status_code, late.json()["code"]) == (409, "reservation_expired")
            await cancel_all_expired(committed_db)
    assert await till.charges() == []


@pytest.mark.parametrize("status", ["pending", "confirmed", "completed"])
async def test_what_has_taken_place_cannot_be_paid(
    committed_client: CommittedClient, committed_db: Database, till: Till, status: str
) -> None:
    await subscribe(committed_db, CUSTOMER)
    chef_id = await make_chef(committed_db)
    booking_id = await make_booking(
        committed_db, chef_id, status=status, paid=False, starts_at=at_seoul(-5, 10), expires_at=None
    )
    async with committed_client() as client:
        late = await Person(client, CUSTOMER).post(f"/bookings/{booking_id}/pay", {})
    assert (late.status_code, late.json()["code"]) == (409, "booking_started")
    assert await till.charges() == []


async def test_a_payment_on_its_way_holds_the_reservation_beyond_its_deadline(
    committed_client: CommittedClient,
    committed_runtime: Runtime,
    provider: StripeProvider,
    open_booking: int,
) -> None:
    database = committed_runtime.database
    payment = await claimed(database, open_booking)
    await expire(database, open_booking)
    await subscribe(database, OTHER)
    assert await cancel_all_expired(database) == 0
    async with committed_client() as client:
        booking = (await Person(client, CUSTOMER).get(f"/bookings/{open_booking}")).json()
        assert (booking["status"], booking["payment_status"]) == ("pending", "processing")
        taken = await Person(client, OTHER).book(booking["chef_id"], booking["starts_at"], hours=1)
        assert (taken.status_code, taken.json()["code"]) == (409, "chef_unavailable")
    await run_job(committed_runtime, provider, SETTLE_JOB)
    assert await state(database, payment.id) == ("confirmed", "succeeded")
    assert await cancel_all_expired(database) == 0


async def test_a_payment_that_fails_after_the_deadline_frees_the_time(
    committed_client: CommittedClient,
    committed_runtime: Runtime,
    provider: StripeProvider,
    open_booking: int,
    till: Till,
) -> None:
    database = committed_runtime.database
    payment = await claimed(database, open_booking)
    await expire(database, open_booking)
    await till.order(mode="decline")
    await run_job(committed_runtime, provider, SETTLE_JOB)
    assert await state(database, payment.id) == ("pending", "failed")
    await subscribe(database, OTHER)
    async with committed_client() as client:
        booking = (await Person(client, CUSTOMER).get(f"/bookings/{open_booking}")).json()
        assert (booking["status"], booking["cancel_reason"]) == ("canceled", "expired")
        taken = await Person(client, OTHER).book(booking["chef_id"], booking["starts_at"], hours=1)
        assert taken.status_code == 201


async def test_a_payment_claimed_at_the_last_moment_wins_over_who_wants_the_time(
    committed_client: CommittedClient, committed_db: Database, open_booking: int
) -> None:
    await subscribe(committed_db, OTHER)
    async with committed_client() as client:
        booking = (await Person(client, CUSTOMER).get(f"/bookings/{open_booking}")).json()
        await expire(committed_db, open_booking)
        async with committed_db.session() as claiming:
            row = await locked(claiming, open_booking)
            claiming.add(payment_of(row, status="processing", transaction_id=None))
            await claiming.flush()
            rival = asyncio.create_task(
                Person(client, OTHER).book(booking["chef_id"], booking["starts_at"], hours=1)
            )
            await eventually(lambda: _somebody_waits(committed_db))
        assert (await rival).status_code == 409
        now = (await Person(client, CUSTOMER).get(f"/bookings/{open_booking}")).json()
        assert (now["status"], now["payment_status"]) == ("pending", "processing")


async def _somebody_waits(database: Database) -> bool:
    """For a row that another transaction has locked."""
    query = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    return bool(await database.fetch(query))


async def test_a_payment_that_succeeds_after_the_start_is_refunded(
    committed_runtime: Runtime, provider: StripeProvider, open_booking: int, till: Till
) -> None:
    payment = await claimed(committed_runtime.database, open_booking)
    await _move(committed_runtime.database, open_booking, days=-1)
    await run_job(committed_runtime, provider, SETTLE_JOB)
    assert await state(committed_runtime.database, payment.id) == ("canceled", "refunding")
    for _ in range(2):
        await run_job(committed_runtime, provider, REFUND_JOB)
    assert len(await till.charges()) == len(await till.refunds()) == 1
