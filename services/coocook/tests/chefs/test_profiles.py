"""Becoming a chef, and changing one's profile."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from services.coocook.tests.factories import COOK, Person, make_chef
from testing.rollback import TestDatabase

PROFILE = {"name": "Chef Kim", "cuisine_type": "Korean", "location": "Seoul", "price_per_session": 120}


@pytest.fixture
def cook(client: httpx.AsyncClient) -> Person:
    return Person(client, COOK)


async def test_a_user_becomes_a_chef_once(cook: Person) -> None:
    made = await cook.post("/chefs", PROFILE | {"bio": " Twenty years of kimchi. "})
    assert made.status_code == 201
    assert made.json()["message"]
    own = (await cook.get("/chefs/me")).json()
    assert (own["id"], own["user_id"], own["bio"]) == (made.json()["id"], COOK, "Twenty years of kimchi.")
    assert (own["currency"], own["is_active"], own["rating"], own["rating_count"]) == ("USD", True, 5.0, 0)
    again = await cook.post("/chefs", PROFILE)
    assert (again.status_code, again.json()["code"]) == (409, "already_a_chef")


async def test_the_same_key_gets_the_same_answer(cook: Person) -> None:
    first = await cook.post("/chefs", PROFILE, key="k")
    again = await cook.post("/chefs", PROFILE, key="k")
    assert (again.status_code, again.content) == (201, first.content)
    other = await cook.post("/chefs", PROFILE | {"name": "Another"}, key="k")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_a_profile_needs_a_token(client: httpx.AsyncClient) -> None:
    assert (await client.post("/api/coocook/chefs", json=PROFILE)).status_code == 401


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "\u3164"}, "name"),
        ({"name": "\u0301"}, "name"),
        ({"cuisine_type": "\ue000"}, "cuisine_type"),
        ({"name": "\u200b\u200d"}, "name"),
        ({"name": "Kim\u202e"}, "name"),
        ({"location": "Seo\u200bul"}, "location"),
        ({"name": None}, "name"),
        ({"cuisine_type": "x" * 51}, "cuisine_type"),
        ({"price_per_session": 0}, "price_per_session"),
        ({"price_per_session": -5}, "price_per_session"),
        ({"price_per_session": 1_000_000.01}, "price_per_session"),
        ({"price_per_session": 10.001}, "price_per_session"),
        ({"price_per_session": "many"}, "price_per_session"),
        ({"price_per_session": True}, "price_per_session"),
        ({"price_per_session": "1_000"}, "price_per_session"),
        ({"price_per_session": "٣٠"}, "price_per_session"),
        ({"price_per_session": 50.5, "currency": "KRW"}, "price_per_session"),
        ({"currency": "XXX"}, "currency"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"opens_hour": 21, "closes_hour": 9}, "closes_hour"),
        ({"closes_hour": 25}, "closes_hour"),
        ({"bio": "a\x00b"}, "bio"),
    ],
)
async def test_a_wrong_profile_is_refused_by_the_fields_name(
    cook: Person, change: dict[str, Any], field: str
) -> None:
    answer = await cook.post("/chefs", PROFILE | change)
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]]


async def test_chefs_change_their_own_profile_and_leave_the_rest(cook: Person, db: TestDatabase) -> None:
    await make_chef(db, bio="old")
    changed = await cook.patch("/chefs/me", {"price_per_session": 150, "closes_hour": 24, "bio": None})
    assert changed.status_code == 200
    profile = changed.json()
    assert (profile["price_per_session"], profile["closes_hour"], profile["bio"]) == (150, 24, None)
    assert (profile["name"], profile["opens_hour"]) == ("Chef Park", 9)


async def test_a_chef_can_leave_the_list_and_come_back(
    cook: Person, client: httpx.AsyncClient, db: TestDatabase
) -> None:
    chef_id = await make_chef(db)
    await cook.patch("/chefs/me", {"is_active": False})
    assert (await client.get(f"/api/coocook/chefs/{chef_id}")).status_code == 404
    assert (await cook.get("/chefs/me")).json()["is_active"] is False
    await cook.patch("/chefs/me", {"is_active": True})
    assert (await client.get(f"/api/coocook/chefs/{chef_id}")).status_code == 200


@pytest.mark.parametrize(
    ("change", "field"),
    [({"name": None}, "name"), ({"opens_hour": 22}, "closes_hour")],
)
async def test_a_wrong_change_is_refused(
    cook: Person, db: TestDatabase, change: dict[str, Any], field: str
) -> None:
    await make_chef(db)
    answer = await cook.patch("/chefs/me", change)
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]]


async def test_nothing_empties_the_bio_and_changes_nothing_else(cook: Person, db: TestDatabase) -> None:
    await make_chef(db)
    before = (await cook.patch("/chefs/me", {"bio": "Thirty years of soups"})).json()
    unfilled = {"name": "", "bio": "", "opens_hour": "", "is_active": "", "currency": "EUR"}
    after = await cook.patch("/chefs/me", unfilled)
    assert (after.status_code, after.json()) == (200, {**before, "bio": None})


async def test_who_is_no_chef_has_no_profile(cook: Person) -> None:
    for answer in (await cook.get("/chefs/me"), await cook.patch("/chefs/me", {"name": "x"})):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_a_chef")
