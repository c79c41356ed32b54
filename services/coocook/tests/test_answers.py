"""Answers that are written as bytes, without their schema, say what the schema declares and nothing else."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from pydantic import BaseModel, TypeAdapter

from coocook_service.bookings.schemas import BookingDetail, ChefsBooking, CustomersBooking
from coocook_service.chefs.schemas import ChefPage, ChefProfile
from coocook_service.reviews.schemas import ChefReviews
from services.coocook.tests.factories import (
    COOK,
    CUSTOMER,
    Person,
    at_seoul,
    make_booking,
    make_chef,
    subscribe,
)
from testing.rollback import TestDatabase


@pytest.fixture
async def paths(db: TestDatabase, client: httpx.AsyncClient) -> dict[str, str]:
    await subscribe(db, CUSTOMER)
    chef_id = await make_chef(db, bio="About me")
    await make_booking(db, chef_id, status="canceled", cancel_reason="chef", starts_at=at_seoul(-3, 10))
    reservation = await make_booking(db, chef_id, status="pending", special_requests="No nuts")
    reviewed = await make_booking(db, chef_id)
    review = await Person(client, CUSTOMER).post(
        f"/bookings/{reviewed}/review", {"rating": 4, "comment": "Fine"}
    )
    assert review.status_code == 201
    return {"chef": str(chef_id), "paid": str(reviewed), "unpaid": str(reservation)}


@pytest.mark.parametrize(
    ("user_id", "path", "schema"),
    [
        (CUSTOMER, "/bookings", list[CustomersBooking]),
        (COOK, "/chefs/me/bookings", list[ChefsBooking]),
        (CUSTOMER, "/bookings/{paid}", BookingDetail),
        (CUSTOMER, "/bookings/{unpaid}", BookingDetail),
        (CUSTOMER, "/chefs", ChefPage),
        (CUSTOMER, "/chefs/{chef}", ChefProfile),
        (CUSTOMER, "/chefs/{chef}/reviews", ChefReviews),
    ],
)
async def test_what_is_written_as_bytes_is_an_instance_of_its_schema(
    client: httpx.AsyncClient, paths: dict[str, str], user_id: int, path: str, schema: Any
) -> None:
    answer = await Person(client, user_id).get(path.format(**paths))
    assert answer.status_code == 200
    model = TypeAdapter[Any](schema).validate_json(answer.content, strict=True, extra="forbid")
    assert _filled(model)


def _filled(answer: BaseModel | list[BaseModel]) -> bool:
    """Whether there is a row in it to speak of."""
    if isinstance(answer, list):
        return bool(answer)
    return all(value for value in answer.__dict__.values() if isinstance(value, list))
