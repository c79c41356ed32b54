"""Money that is given back."""

from __future__ import annotations

import pytest

from coocook_service.bookings.refunds import REFUND_JOB
from coocook_service.bookings.settlement import SETTLE_JOB
from services.coocook.tests.factories import COOK, CUSTOMER, Person
from services.coocook.tests.kit import CommittedClient, Till, claimed, run_job, state, waiting
from shared.payments.stripe_provider import StripeProvider
from shared.runtime import Runtime

pytestmark = pytest.mark.usefixtures("till")


async def test_the_chef_who_cancels_gives_the_money_back_once(
    committed_client: CommittedClient,
    committed_runtime: Runtime,
    provider: StripeProvider,
    open_booking: int,
    till: Till,
) -> None:
    async with committed_client() as client:
        assert (await Person(client, CUSTOMER).post(f"/bookings/{open_booking}/pay", {})).status_code == 200
        assert (
            await Person(client, COOK).put(f"/bookings/{open_booking}", {"status": "canceled"})
        ).status_code == 200
    (payment_id,) = await waiting(committed_runtime.database, REFUND_JOB)
    assert await state(committed_runtime.database, payment_id) == ("canceled", "refunding")
    for _ in range(2):
        await run_job(committed_runtime, provider, REFUND_JOB)
    assert await state(committed_runtime.database, payment_id) == ("canceled", "refunded")
    assert len(await till.refunds()) == 1


async def test_a_booking_that_is_canceled_during_the_charge_gets_its_money_back(
    committed_client: CommittedClient,
    committed_runtime: Runtime,
    provider: StripeProvider,
    open_booking: int,
    till: Till,
) -> None:
    payment = await claimed(committed_runtime.database, open_booking)
    async with committed_client() as client:
        assert (await Person(client, CUSTOMER).post(f"/bookings/{open_booking}/cancel")).status_code == 200
    await run_job(committed_runtime, provider, SETTLE_JOB)
    assert await state(committed_runtime.database, payment.id) == ("canceled", "refunding")
    await run_job(committed_runtime, provider, REFUND_JOB)
    assert len(await till.charges()) == len(await till.refunds()) == 1
