"""Many customers at one moment: the database keeps a chef's time apart, and nobody gets an error of ours."""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import pairwise

import httpx
from sqlalchemy import select

from coocook_service.schema import Booking
from services.coocook.tests.factories import Person, day_in, make_chef, subscribe
from services.coocook.tests.kit import CommittedClient
from shared.db.database import Database

CUSTOMERS = range(1000, 1050)


async def _all_book(client: httpx.AsyncClient, chef_id: int, date: str, hours: int) -> Counter[int]:
    answers = await asyncio.gather(*(Person(client, user).book(chef_id, date, hours) for user in CUSTOMERS))
    return Counter(answer.status_code for answer in answers)


async def _live_periods(database: Database, chef_id: int) -> list[Booking]:
    async with database.session() as session:
        query = select(Booking).where(Booking.chef_id == chef_id, Booking.status != "canceled")
        return sorted(await session.scalars(query), key=lambda booking: booking.starts_at)


async def test_fifty_want_the_same_time_and_one_gets_it(
    committed_client: CommittedClient, committed_db: Database
) -> None:
    chef_id = await make_chef(committed_db)
    await subscribe(committed_db, *CUSTOMERS)
    async with committed_client() as client:
        assert await _all_book(client, chef_id, f"{day_in(3)}T19:00", 2) == {201: 1, 409: 49}
    assert len(await _live_periods(committed_db, chef_id)) == 1


async def test_fifty_want_the_same_day_and_it_is_filled_exactly(
    committed_client: CommittedClient, committed_db: Database
) -> None:
    chef_id = await make_chef(committed_db)
    await subscribe(committed_db, *CUSTOMERS)
    async with committed_client() as client:
        assert await _all_book(client, chef_id, day_in(3), 1) == {201: 12, 409: 38}
    bookings = await _live_periods(committed_db, chef_id)
    assert all(earlier.ends_at == later.starts_at for earlier, later in pairwise(bookings))


async def test_one_request_sent_ten_times_at_once_books_once(
    committed_client: CommittedClient, committed_db: Database
) -> None:
    chef_id = await make_chef(committed_db)
    await subscribe(committed_db, CUSTOMERS[0])
    async with committed_client() as client:
        person = Person(client, CUSTOMERS[0])
        answers = await asyncio.gather(*(person.book(chef_id, day_in(3), key="once") for _ in range(10)))
    assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}
    assert len(await _live_periods(committed_db, chef_id)) == 1
