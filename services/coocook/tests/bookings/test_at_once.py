"""The same payment, asked for several times at one moment."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from coocook_service.bookings import payments
from services.coocook.tests.factories import CUSTOMER, Person
from services.coocook.tests.kit import CommittedClient, Till, age, claimed
from shared.db.database import Database

pytestmark = pytest.mark.usefixtures("till")


async def test_who_pays_twice_at_once_with_a_key_is_charged_once_and_answered_twice(
    committed_client: CommittedClient, open_booking: int, till: Till
) -> None:
    await till.order(mode="slow", seconds=0.3)
    async with committed_client() as client:
        person = Person(client, CUSTOMER)
        answers = await asyncio.gather(
            *(person.post(f"/bookings/{open_booking}/pay", {}, key="k") for _ in range(4))
        )
    assert {(answer.status_code, answer.content) for answer in answers} == {(200, answers[0].content)}
    assert len(await till.charges()) == 1


async def test_who_pays_twice_at_once_with_a_bad_card_is_refused_twice(
    committed_client: CommittedClient, open_booking: int, till: Till
) -> None:
    await till.order(mode="decline")
    async with committed_client() as client:
        person = Person(client, CUSTOMER)
        answers = await asyncio.gather(
            *(person.post(f"/bookings/{open_booking}/pay", {}, key="k") for _ in range(2))
        )
        assert 402 in {answer.status_code for answer in answers} <= {200, 402}
        booking = (await person.get(f"/bookings/{open_booking}")).json()
    paid = 200 in {answer.status_code for answer in answers}
    assert booking["status"] == ("confirmed" if paid else "pending")


async def test_who_pays_twice_at_once_without_a_key_is_charged_once(
    committed_client: CommittedClient, open_booking: int, till: Till
) -> None:
    async with committed_client() as client:
        person = Person(client, CUSTOMER)
        answers = await asyncio.gather(*(person.post(f"/bookings/{open_booking}/pay", {}) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert len(await till.charges()) == 1


async def test_a_repeated_request_takes_over_from_one_that_died(
    committed_client: CommittedClient, committed_db: Database, open_booking: int, till: Till
) -> None:
    payment = await claimed(committed_db, open_booking, key="k")
    await age(committed_db, payment.id, timedelta(seconds=20))
    async with committed_client() as client:
        paid = await Person(client, CUSTOMER).post(f"/bookings/{open_booking}/pay", {}, key="k")
    assert (paid.status_code, paid.json()["payment_id"]) == (200, payment.id)
    assert len(await till.charges()) == 1


async def test_a_payment_in_progress_is_said_to_be_so(
    committed_client: CommittedClient,
    committed_db: Database,
    open_booking: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await claimed(committed_db, open_booking, key="k")
    monkeypatch.setattr(payments, "WAIT_SECONDS", 0.1)
    async with committed_client() as client:
        for key in (None, "k"):
            answer = await Person(client, CUSTOMER).post(f"/bookings/{open_booking}/pay", {}, key=key)
            assert (answer.status_code, answer.json()["code"]) == (409, "payment_in_progress")
            assert answer.headers["retry-after"]
