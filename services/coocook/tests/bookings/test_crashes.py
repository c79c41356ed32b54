"""What breaks between the claim, the charge and the settlement: one charge, and the job ends it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from coocook_service.bookings import payments
from coocook_service.bookings.payments import NotSettled, pay
from coocook_service.bookings.settlement import SETTLE_JOB
from coocook_service.schema import BookingPayment
from services.coocook.tests.kit import Till, age, charge_request, claimed, run_job, state, waiting
from shared.payments.errors import ProviderUnavailable
from shared.payments.provider import Charge
from shared.payments.stripe_provider import StripeProvider
from shared.runtime import Runtime

pytestmark = pytest.mark.usefixtures("till")


async def test_a_crash_before_the_charge_is_settled_by_the_job(
    committed_runtime: Runtime, provider: StripeProvider, open_booking: int, till: Till
) -> None:
    payment = await claimed(committed_runtime.database, open_booking)
    assert await waiting(committed_runtime.database, SETTLE_JOB) == [payment.id]
    for _ in range(2):
        await run_job(committed_runtime, provider, SETTLE_JOB)
    assert await state(committed_runtime.database, payment.id) == ("confirmed", "succeeded")
    assert len(await till.charges()) == 1


async def test_a_crash_after_the_charge_is_settled_by_the_job_without_a_second_one(
    committed_runtime: Runtime,
    provider: StripeProvider,
    open_booking: int,
    till: Till,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def dies(*_: Any, **__: Any) -> None:
        raise ConnectionResetError

    monkeypatch.setattr(payments, "settle", dies)
    with pytest.raises(ConnectionResetError):
        await pay(committed_runtime.database, provider, charge_request(open_booking))
    monkeypatch.undo()
    (payment_id,) = await waiting(committed_runtime.database, SETTLE_JOB)
    assert await state(committed_runtime.database, payment_id) == ("pending", "processing")
    await run_job(committed_runtime, provider, SETTLE_JOB)
    assert await state(committed_runtime.database, payment_id) == ("confirmed", "succeeded")
    assert len(await till.charges()) == 1


async def test_an_answer_lost_on_the_way_is_settled_by_the_job(
    committed_runtime: Runtime, provider: StripeProvider, open_booking: int, till: Till
) -> None:
    await till.order(mode="drop_answer")
    with pytest.raises(ProviderUnavailable):
        await pay(committed_runtime.database, provider, charge_request(open_booking))
    (payment_id,) = await waiting(committed_runtime.database, SETTLE_JOB)
    await run_job(committed_runtime, provider, SETTLE_JOB)
    assert await state(committed_runtime.database, payment_id) == ("confirmed", "succeeded")
    assert len(await till.charges()) == 1


async def test_while_the_provider_is_away_the_job_is_tried_again(
    committed_runtime: Runtime, provider: StripeProvider, open_booking: int, till: Till
) -> None:
    payment = await claimed(committed_runtime.database, open_booking)
    await till.order(mode="error_500")
    with pytest.raises(ProviderUnavailable):
        await run_job(committed_runtime, provider, SETTLE_JOB)
    assert await state(committed_runtime.database, payment.id) == ("pending", "processing")


async def test_the_job_learns_of_a_declined_card(
    committed_runtime: Runtime, provider: StripeProvider, open_booking: int, till: Till
) -> None:
    payment = await claimed(committed_runtime.database, open_booking)
    await till.order(mode="decline")
    await run_job(committed_runtime, provider, SETTLE_JOB)
    assert await state(committed_runtime.database, payment.id) == ("pending", "failed")


async def test_a_day_later_nothing_new_is_charged(
    committed_runtime: Runtime, provider: StripeProvider, open_booking: int, till: Till
) -> None:
    payment = await claimed(committed_runtime.database, open_booking)
    await age(committed_runtime.database, payment.id, timedelta(hours=24))
    await run_job(committed_runtime, provider, SETTLE_JOB)
    assert await state(committed_runtime.database, payment.id) == ("pending", "failed")
    assert await till.charges() == []


async def test_a_charge_that_takes_its_time_is_settled_when_it_is_through(
    committed_runtime: Runtime, provider: StripeProvider, open_booking: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = await claimed(committed_runtime.database, open_booking)
    charge, find = provider.charge, provider.find_charge

    async def still_at_it(**arguments: Any) -> Charge:
        return Charge((await charge(**arguments)).id, "processing")

    async def found_nothing(**_: Any) -> None:
        return None

    monkeypatch.setattr(provider, "charge", still_at_it)
    monkeypatch.setattr(provider, "find_charge", found_nothing)
    with pytest.raises(NotSettled):
        await run_job(committed_runtime, provider, SETTLE_JOB)
    assert await state(committed_runtime.database, payment.id) == ("pending", "processing")
    monkeypatch.setattr(provider, "find_charge", find)
    await run_job(committed_runtime, provider, SETTLE_JOB)
    assert await state(committed_runtime.database, payment.id) == ("confirmed", "succeeded")


async def test_no_transaction_is_open_while_the_card_is_charged(
    committed_runtime: Runtime, provider: StripeProvider, open_booking: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = list[str]()
    charge = provider.charge

    async def watched(**arguments: Any) -> Any:
        async with committed_runtime.database.session() as session:
            query = text(
                "SELECT state FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            seen.extend(await session.scalars(query))
        return await charge(**arguments)

    monkeypatch.setattr(provider, "charge", watched)
    assert (
        await pay(committed_runtime.database, provider, charge_request(open_booking))
    ).status == "succeeded"
    assert "idle in transaction" not in seen
    async with committed_runtime.database.session() as session:
        assert len(list(await session.scalars(select(BookingPayment)))) == 1
