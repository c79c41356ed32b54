"""Reviews, and the ratings made of them."""

from __future__ import annotations

import asyncio
from statistics import fmean
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from coocook_service.schema import Chef, Review
from services.coocook.tests.factories import (
    COOK,
    CUSTOMER,
    OTHER,
    Person,
    at_seoul,
    make_booking,
    make_chef,
    subscribe,
)
from services.coocook.tests.kit import CommittedClient, Published
from shared.db.database import Database
from testing.rollback import TestDatabase

WELL = {"rating": 4, "comment": "Kimchi as it should"}


@pytest.fixture
async def booking_id(db: TestDatabase, chef_id: int) -> int:
    return await make_booking(db, chef_id)


async def test_a_review_moves_the_rating_wherever_it_is_shown(
    client: httpx.AsyncClient, chef_id: int, db: TestDatabase, published: Published
) -> None:
    before = (await client.get(f"/api/coocook/chefs/{chef_id}")).json()
    assert (before["rating"], before["rating_count"]) == (5.0, 0)
    await client.get("/api/coocook/chefs")
    given = list[int]()
    for user, rating in ((CUSTOMER, 4), (OTHER, 5), (OTHER + 1, 1)):
        await subscribe(db, *({user} - {CUSTOMER, OTHER}))
        booking_id = await make_booking(db, chef_id, user, starts_at=at_seoul(-3 - rating, 10))
        answer = await Person(client, user).post(f"/bookings/{booking_id}/review", WELL | {"rating": rating})
        given.append(rating)
        assert answer.status_code == 201, answer.text
        assert answer.json()["review_id"]
        assert answer.json()["message"]
        assert answer.json()["rating_count"] == len(given)
        assert answer.json()["chef_rating"] == pytest.approx(fmean(given))
        for shown in (
            (await client.get(f"/api/coocook/chefs/{chef_id}")).json(),
            (await client.get("/api/coocook/chefs")).json()["chefs"][0],
        ):
            assert shown["rating"] == pytest.approx(fmean(given))
            assert shown["rating_count"] == len(given)
    assert await published() == ["chef.rated"] * 3


async def test_of_a_customers_reviews_of_a_chef_the_newest_counts(
    customer: Person, client: httpx.AsyncClient, chef_id: int, db: TestDatabase
) -> None:
    other = await make_booking(db, chef_id, OTHER, starts_at=at_seoul(-9, 10))
    await Person(client, OTHER).post(f"/bookings/{other}/review", WELL | {"rating": 2})
    for day, rating in ((-8, 5), (-7, 5), (-6, 4)):
        booking_id = await make_booking(db, chef_id, starts_at=at_seoul(day, 10))
        answer = await customer.post(f"/bookings/{booking_id}/review", WELL | {"rating": rating})
        assert (answer.json()["chef_rating"], answer.json()["rating_count"]) == ((2 + rating) / 2, 2)
    listed = (await client.get(f"/api/coocook/chefs/{chef_id}/reviews")).json()
    assert (listed["average_rating"], listed["total_reviews"]) == (3, 2)
    assert [(review["rating"], review["counts"]) for review in listed["reviews"]] == [
        (4, True),
        (5, False),
        (5, False),
        (2, True),
    ]


async def test_a_review_of_a_release_that_knew_no_counting_is_replaced_too(
    customer: Person, chef_id: int, db: TestDatabase
) -> None:
    old = await make_booking(db, chef_id, starts_at=at_seoul(-8, 10))
    async with db.session() as session:
        session.add(Review(booking_id=old, user_id=CUSTOMER, chef_id=chef_id, rating=5, comment=""))
        await session.execute(update(Chef).where(Chef.id == chef_id).values(rating_sum=5 + 3, rating_count=2))
    new = await make_booking(db, chef_id, starts_at=at_seoul(-6, 10))
    answer = await customer.post(f"/bookings/{new}/review", WELL | {"rating": 1})
    assert (answer.json()["chef_rating"], answer.json()["rating_count"]) == (2, 2)


@pytest.mark.parametrize(("paid", "days"), [(False, -3), (True, 3)])
async def test_what_was_completed_unpaid_or_is_not_over_is_not_reviewed(
    customer: Person, chef_id: int, db: TestDatabase, paid: bool, days: int
) -> None:
    booking_id = await make_booking(db, chef_id, paid=paid, starts_at=at_seoul(days, 10))
    answer = await customer.post(f"/bookings/{booking_id}/review", WELL)
    assert (answer.status_code, answer.json()["code"]) == (400, "not_completed")


async def test_reviews_are_listed_newest_first(
    customer: Person, client: httpx.AsyncClient, chef_id: int, db: TestDatabase
) -> None:
    empty = (await client.get(f"/api/coocook/chefs/{chef_id}/reviews")).json()
    assert (empty["average_rating"], empty["total_reviews"], empty["reviews"]) == (5.0, 0, [])
    for hour in (10, 11, 12):
        booking_id = await make_booking(db, chef_id, starts_at=at_seoul(-3, hour))
        await customer.post(f"/bookings/{booking_id}/review", {"rating": 5, "comment": str(hour)})
    answer = (await client.get(f"/api/coocook/chefs/{chef_id}/reviews?limit=2")).json()
    assert (answer["chef_id"], answer["chef_name"]) == (chef_id, "Chef Park")
    assert (answer["average_rating"], answer["total_reviews"]) == (5, 1)
    assert [review["comment"] for review in answer["reviews"]] == ["12", "11"]
    assert answer["reviews"][0].keys() == {"id", "user_id", "rating", "comment", "created_at", "counts"}
    rest = await client.get(f"/api/coocook/chefs/{chef_id}/reviews?limit=2&cursor={answer['next_cursor']}")
    assert [review["comment"] for review in rest.json()["reviews"]] == ["10"]
    assert rest.json()["next_cursor"] is None


async def test_a_booking_is_reviewed_once(customer: Person, booking_id: int) -> None:
    first = await customer.post(f"/bookings/{booking_id}/review", WELL, key="k")
    assert first.status_code == 201
    again = await customer.post(f"/bookings/{booking_id}/review", WELL, key="k")
    assert (again.status_code, again.content) == (201, first.content)
    for key in (None, "other"):
        twice = await customer.post(f"/bookings/{booking_id}/review", WELL, key=key)
        assert (twice.status_code, twice.json()["code"]) == (409, "already_reviewed")


@pytest.mark.parametrize("status", ["pending", "confirmed", "canceled"])
async def test_only_a_completed_booking_is_reviewed(
    customer: Person, chef_id: int, db: TestDatabase, status: str
) -> None:
    booking_id = await make_booking(db, chef_id, status=status)
    answer = await customer.post(f"/bookings/{booking_id}/review", WELL)
    assert (answer.status_code, answer.json()["code"]) == (400, "not_completed")


async def test_only_who_booked_reviews(client: httpx.AsyncClient, booking_id: int) -> None:
    for user in (OTHER, COOK):
        answer = await Person(client, user).post(f"/bookings/{booking_id}/review", WELL)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_the_customer")
    unknown = await Person(client, CUSTOMER).post(f"/bookings/{2**62}/review", WELL)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "booking_not_found")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"rating": 0}, "rating"),
        ({"rating": 6}, "rating"),
        ({"rating": 4.5}, "rating"),
        ({"rating": True}, "rating"),
        ({"rating": None}, "rating"),
        ({"comment": "x" * 2001}, "comment"),
        ({"comment": "a\x00b"}, "comment"),
        ({"comment": None}, "comment"),
    ],
)
async def test_a_wrong_review_is_refused_by_the_fields_name(
    customer: Person, booking_id: int, change: dict[str, Any], field: str
) -> None:
    answer = await customer.post(f"/bookings/{booking_id}/review", WELL | change)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


async def test_twenty_reviews_at_once_are_all_counted(
    committed_client: CommittedClient, committed_db: Database
) -> None:
    users, ratings = range(1000, 1020), [1 + number % 5 for number in range(20)]
    chef_id = await make_chef(committed_db)
    await subscribe(committed_db, *users)
    bookings = [
        await make_booking(committed_db, chef_id, user, starts_at=at_seoul(-3 - user % 20, 10))
        for user in users
    ]
    async with committed_client() as client:
        answers = await asyncio.gather(
            *(
                Person(client, user).post(f"/bookings/{booking}/review", {"rating": rating, "comment": ""})
                for user, booking, rating in zip(users, bookings, ratings, strict=True)
            )
        )
        assert {answer.status_code for answer in answers} == {201}
        assert sorted(answer.json()["rating_count"] for answer in answers) == list(range(1, 21))
        chef = (await client.get(f"/api/coocook/chefs/{chef_id}")).json()
    assert (chef["rating"], chef["rating_count"]) == (pytest.approx(fmean(ratings)), 20)


async def test_one_review_sent_five_times_at_once_counts_once(
    committed_client: CommittedClient, committed_db: Database
) -> None:
    chef_id = await make_chef(committed_db)
    await subscribe(committed_db, CUSTOMER)
    booking_id = await make_booking(committed_db, chef_id)
    async with committed_client() as client:
        person = Person(client, CUSTOMER)
        answers = await asyncio.gather(
            *(person.post(f"/bookings/{booking_id}/review", WELL) for _ in range(5))
        )
        assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
        assert (await client.get(f"/api/coocook/chefs/{chef_id}")).json()["rating_count"] == 1


async def test_five_reviews_of_one_customer_at_once_count_once(
    committed_client: CommittedClient, committed_db: Database
) -> None:
    chef_id = await make_chef(committed_db)
    await subscribe(committed_db, CUSTOMER)
    bookings = [
        await make_booking(committed_db, chef_id, starts_at=at_seoul(-3 - day, 10)) for day in range(5)
    ]
    async with committed_client() as client:
        person = Person(client, CUSTOMER)
        answers = await asyncio.gather(
            *(person.post(f"/bookings/{booking}/review", WELL) for booking in bookings)
        )
        assert {answer.status_code for answer in answers} == {201}
        chef = (await client.get(f"/api/coocook/chefs/{chef_id}")).json()
    assert (chef["rating"], chef["rating_count"]) == (4, 1)
