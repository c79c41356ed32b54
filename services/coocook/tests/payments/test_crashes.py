"""What breaks between the claim, the charge and the settlement: one charge, and the job ends it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update

from coocook_service.jobs import jobs_with
from coocook_service.payments import paying
from coocook_service.payments.paying import NotSettled, pay
from coocook_service.payments.refunds import JOB as REFUND_JOB
from coocook_service.payments.service import SETTLE_JOB, Order, claim
from coocook_service.schema import BookingPayment
from services.coocook.tests.factories import COOK, CUSTOMER, Person, make_booking, make_chef, subscribe
from services.coocook.tests.kit import CommittedClient, Till
from shared.db.database import Database
from shared.payments.errors import ProviderUnavailable
from shared.payments.provider import Charge, PaymentProvider
from shared.payments.stripe_provider import StripeProvider
from shared.runtime import Runtime
from shared.service import ServiceDefinition
from shared.testing.payments import SandboxServer
from shared.testing.service_fixtures import RuntimeFactory

pytestmark = pytest.mark.usefixtures("till")


@pytest.fixture
async def provider(sandbox: SandboxServer) -> AsyncIterator[StripeProvider]:
    provider = sandbox.provider(timeout=1.0, total=2.0, retries=0)
    yield provider
    await provider.close()


@pytest.fixture
async def booking_id(committed_db: Database) -> int:
    chef_id = await make_chef(committed_db)
    await subscribe(committed_db, CUSTOMER, COOK)
    return await make_booking(committed_db, chef_id, status="pending")


@pytest.fixture
async def runtime(
    runtime_for: RuntimeFactory, definition: ServiceDefinition, committed_db: Database
) -> AsyncIterator[Runtime]:
    async with runtime_for(definition, committed_db) as opened:
        yield opened


def order(booking_id: int, key: str | None = None) -> Order:
    return Order(booking_id, CUSTOMER, amount=None, customer="cus_demo_test", request_key=key)


async def claimed(database: Database, booking_id: int, key: str | None = None) -> BookingPayment:
    """A payment whose process died right after the claim."""
    async with database.session() as session:
        payment, _ = await claim(session, order(booking_id, key))
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


async def test_a_crash_before_the_charge_is_settled_by_the_job(
    runtime: Runtime, provider: StripeProvider, booking_id: int, till: Till
) -> None:
    payment = await claimed(runtime.database, booking_id)
    assert await waiting(runtime.database, SETTLE_JOB) == [payment.id]
    for _ in range(2):
        await run_job(runtime, provider, SETTLE_JOB)
    assert await state(runtime.database, payment.id) == ("confirmed", "succeeded")
    assert len(await till.charges()) == 1


async def test_a_crash_after_the_charge_is_settled_by_the_job_without_a_second_one(
    runtime: Runtime, provider: StripeProvider, booking_id: int, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dies(*_: Any, **__: Any) -> None:
        raise ConnectionResetError

    monkeypatch.setattr(paying, "settle", dies)
    with pytest.raises(ConnectionResetError):
        await pay(runtime.database, provider, order(booking_id))
    monkeypatch.undo()
    (payment_id,) = await waiting(runtime.database, SETTLE_JOB)
    assert await state(runtime.database, payment_id) == ("pending", "processing")
    await run_job(runtime, provider, SETTLE_JOB)
    assert await state(runtime.database, payment_id) == ("confirmed", "succeeded")
    assert len(await till.charges()) == 1


async def test_an_answer_lost_on_the_way_is_settled_by_the_job(
    runtime: Runtime, provider: StripeProvider, booking_id: int, till: Till
) -> None:
    await till.order(mode="drop_answer")
    with pytest.raises(ProviderUnavailable):
        await pay(runtime.database, provider, order(booking_id))
    (payment_id,) = await waiting(runtime.database, SETTLE_JOB)
    await run_job(runtime, provider, SETTLE_JOB)
    assert await state(runtime.database, payment_id) == ("confirmed", "succeeded")
    assert len(await till.charges()) == 1


async def test_while_the_provider_is_away_the_job_is_tried_again(
    runtime: Runtime, provider: StripeProvider, booking_id: int, till: Till
) -> None:
    payment = await claimed(runtime.database, booking_id)
    await till.order(mode="error_500")
    with pytest.raises(ProviderUnavailable):
        await run_job(runtime, provider, SETTLE_JOB)
    assert await state(runtime.database, payment.id) == ("pending", "processing")


async def test_the_job_learns_of_a_declined_card(
    runtime: Runtime, provider: StripeProvider, booking_id: int, till: Till
) -> None:
    payment = await claimed(runtime.database, booking_id)
    await till.order(mode="decline")
    await run_job(runtime, provider, SETTLE_JOB)
    assert await state(runtime.database, payment.id) == ("pending", "failed")


async def test_a_day_later_nothing_new_is_charged(
    runtime: Runtime, provider: StripeProvider, booking_id: int, till: Till
) -> None:
    payment = await claimed(runtime.database, booking_id)
    await age(runtime.database, payment.id, timedelta(hours=24))
    await run_job(runtime, provider, SETTLE_JOB)
    assert await state(runtime.database, payment.id) == ("pending", "failed")
    assert await till.charges() == []


async def test_who_pays_twice_at_once_with_a_key_is_charged_once_and_answered_twice(
    committed_client: CommittedClient, booking_id: int, till: Till
) -> None:
    await till.order(mode="slow", seconds=0.3)
    async with committed_client() as client:
        person = Person(client, CUSTOMER)
        answers = await asyncio.gather(
            *(person.post(f"/bookings/{booking_id}/pay", {}, key="k") for _ in range(4))
        )
    assert {(answer.status_code, answer.content) for answer in answers} == {(200, answers[0].content)}
    assert len(await till.charges()) == 1


async def test_who_pays_twice_at_once_with_a_bad_card_is_refused_twice(
    committed_client: CommittedClient, booking_id: int, till: Till
) -> None:
    await till.order(mode="decline")
    async with committed_client() as client:
        person = Person(client, CUSTOMER)
        answers = await asyncio.gather(
            *(person.post(f"/bookings/{booking_id}/pay", {}, key="k") for _ in range(2))
        )
        assert 402 in {answer.status_code for answer in answers} <= {200, 402}
        booking = (await person.get(f"/bookings/{booking_id}")).json()
    paid = 200 in {answer.status_code for answer in answers}
    assert booking["status"] == ("confirmed" if paid else "pending")


async def test_a_charge_that_takes_its_time_is_settled_when_it_is_through(
    runtime: Runtime, provider: StripeProvider, booking_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = await claimed(runtime.database, booking_id)
    charge, find = provider.charge, provider.find_charge

    async def still_at_it(**arguments: Any) -> Charge:
        return Charge((await charge(**arguments)).id, "processing")

    async def found_nothing(**_: Any) -> None:
        return None

    monkeypatch.setattr(provider, "charge", still_at_it)
    monkeypatch.setattr(provider, "find_charge", found_nothing)
    with pytest.raises(NotSettled):
        await run_job(runtime, provider, SETTLE_JOB)
    assert await state(runtime.database, payment.id) == ("pending", "processing")
    monkeypatch.setattr(provider, "find_charge", find)
    await run_job(runtime, provider, SETTLE_JOB)
    assert await state(runtime.database, payment.id) == ("confirmed", "succeeded")


async def test_who_pays_twice_at_once_without_a_key_is_charged_once(
    committed_client: CommittedClient, booking_id: int, till: Till
) -> None:
    async with committed_client() as client:
        person = Person(client, CUSTOMER)
        answers = await asyncio.gather(*(person.post(f"/bookings/{booking_id}/pay", {}) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert len(await till.charges()) == 1


async def test_a_repeated_request_takes_over_from_one_that_died(
    committed_client: CommittedClient, committed_db: Database, booking_id: int, till: Till
) -> None:
    payment = await claimed(committed_db, booking_id, key="k")
    await age(committed_db, payment.id, timedelta(seconds=20))
    async with committed_client() as client:
        paid = await Person(client, CUSTOMER).post(f"/bookings/{booking_id}/pay", {}, key="k")
    assert (paid.status_code, paid.json()["payment_id"]) == (200, payment.id)
    assert len(await till.charges()) == 1


async def test_a_payment_in_progress_is_said_to_be_so(
    committed_client: CommittedClient,
    committed_db: Database,
    booking_id: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await claimed(committed_db, booking_id, key="k")
    monkeypatch.setattr(paying, "WAIT_SECONDS", 0.1)
    async with committed_client() as client:
        for key in (None, "k"):
            answer = await Person(client, CUSTOMER).post(f"/bookings/{booking_id}/pay", {}, key=key)
            assert (answer.status_code, answer.json()["code"]) == (409, "payment_in_progress")
            assert answer.headers["retry-after"]


async def test_the_chef_who_cancels_gives_the_money_back_once(
    committed_client: CommittedClient, runtime: Runtime, provider: StripeProvider, booking_id: int, till: Till
) -> None:
    async with committed_client() as client:
        assert (await Person(client, CUSTOMER).post(f"/bookings/{booking_id}/pay", {})).status_code == 200
        assert (
            await Person(client, COOK).put(f"/bookings/{booking_id}", {"status": "canceled"})
        ).status_code == 200
    (payment_id,) = await waiting(runtime.database, REFUND_JOB)
    assert await state(runtime.database, payment_id) == ("canceled", "refunding")
    for _ in range(2):
        await run_job(runtime, provider, REFUND_JOB)
    assert await state(runtime.database, payment_id) == ("canceled", "refunded")
    assert len(await till.refunds()) == 1


async def test_a_booking_that_is_canceled_during_the_charge_gets_its_money_back(
    committed_client: CommittedClient, runtime: Runtime, provider: StripeProvider, booking_id: int, till: Till
) -> None:
    payment = await claimed(runtime.database, booking_id)
    async with committed_client() as client:
        assert (await Person(client, CUSTOMER).post(f"/bookings/{booking_id}/cancel")).status_code == 200
    await run_job(runtime, provider, SETTLE_JOB)
    assert await state(runtime.database, payment.id) == ("canceled", "refunding")
    await run_job(runtime, provider, REFUND_JOB)
    assert len(await till.charges()) == len(await till.refunds()) == 1


async def test_no_transaction_is_open_while_the_card_is_charged(
    runtime: Runtime, provider: StripeProvider, booking_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = list[str]()
    charge = provider.charge

    async def watched(**arguments: Any) -> Any:
        async with runtime.database.session() as session:
            query = text(
                "SELECT state FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            seen.extend(await session.scalars(query))
        return await charge(**arguments)

    monkeypatch.setattr(provider, "charge", watched)
    assert (await pay(runtime.database, provider, order(booking_id))).status == "succeeded"
    assert "idle in transaction" not in seen
    async with runtime.database.session() as session:
        assert len(list(await session.scalars(select(BookingPayment)))) == 1
