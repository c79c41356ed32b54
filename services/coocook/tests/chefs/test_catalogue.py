"""What anybody reads of chefs."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest
from sqlalchemy import select, text

from coocook_service.chefs.models import Chef
from coocook_service.chefs.queries import in_small_letters
from services.coocook.tests.factories import COOK, Person, make_chef
from shared.db import migrate
from shared.db.database import Database
from shared.service import ServiceDefinition
from testing.rollback import TestDatabase

CHEFS = "/api/coocook/chefs"


async def names(client: httpx.AsyncClient, **query: Any) -> list[str]:
    answer = await client.get(CHEFS, params=query)
    assert answer.status_code == 200, answer.text
    return [chef["name"] for chef in answer.json()["chefs"]]


async def test_the_list_has_the_contracts_envelope_and_fields(
    client: httpx.AsyncClient, db: TestDatabase
) -> None:
    await make_chef(db, price_per_session=Decimal("120.50"), rating_sum=9, rating_count=2)
    page = (await client.get(CHEFS)).json()
    assert (page["total"], page["pages"], page["current_page"]) == (1, 1, 1)
    chef = page["chefs"][0]
    assert {"id", "name", "bio", "cuisine_type", "location"} <= chef.keys()
    assert (chef["price_per_session"], chef["rating"], chef["rating_count"]) == (120.5, 4.5, 2)
    assert chef["bio"] is None


async def test_pages_hold_twelve_and_one_past_the_end_is_empty(
    client: httpx.AsyncClient, db: TestDatabase
) -> None:
    ids = [await make_chef(db, user_id=user) for user in range(1, 16)]
    first, second = (await client.get(CHEFS)).json(), (await client.get(CHEFS, params={"page": 2})).json()
    assert [chef["id"] for chef in first["chefs"] + second["chefs"]] == ids
    assert (len(first["chefs"]), first["total"], first["pages"]) == (12, 15, 2)
    past = await client.get(CHEFS, params={"page": 10**15})
    assert past.status_code == 200
    assert (past.json()["chefs"], past.json()["total"]) == ([], 15)


async def test_cursors_lead_through_every_chef_once(client: httpx.AsyncClient, db: TestDatabase) -> None:
    ids = [await make_chef(db, user_id=user) for user in range(1, 8)]
    seen, cursor = list[int](), None
    while True:
        query = {"per_page": 3} | ({"cursor": cursor} if cursor else {})
        page = (await client.get(CHEFS, params=query)).json()
        seen += [chef["id"] for chef in page["chefs"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ids


async def test_filters_match_the_cuisine_exactly_and_a_part_of_the_location(
    client: httpx.AsyncClient, db: TestDatabase
) -> None:
    await make_chef(db, 1, name="a", cuisine_type="Korean", location="Gangnam, Seoul")
    await make_chef(db, 2, name="b", cuisine_type="Korean fusion", location="Busan")
    await make_chef(db, 3, name="c", cuisine_type="Italian", location="서울 강남")
    assert await names(client, cuisine="Korean") == ["a"]
    assert await names(client, cuisine="korean") == []
    assert await names(client, location="sEOUl") == ["a"]
    assert await names(client, location="강남") == ["c"]
    assert await names(client, cuisine="Korean", location="busan") == []
    assert await names(client, cuisine="", location="") == ["a", "b", "c"]


async def test_a_chef_is_found_however_the_place_is_typed(client: httpx.AsyncClient) -> None:
    """Keyboards and systems send other code points for the same letters; both sides are composed."""
    place, cuisine = "\u1109\u1165\u110b\u116e\u11af Cafe\u0301", "Ko\u0308ftc\u0327e"
    profile = {"name": "Kim", "cuisine_type": cuisine, "location": place, "price_per_session": 1}
    assert (await Person(client, COOK).post("/chefs", profile)).status_code == 201
    for form in ("NFC", "NFD"):
        assert await names(client, location=unicodedata.normalize(form, place)) == ["Kim"]
        assert await names(client, location=unicodedata.normalize(form, "CAFÉ")) == ["Kim"]
        assert await names(client, cuisine=unicodedata.normalize(form, cuisine)) == ["Kim"]


async def test_letters_whose_case_depends_on_the_language_are_found(
    client: httpx.AsyncClient, db: TestDatabase
) -> None:
    await make_chef(db, 1, name="a", location="İstanbul")
    await make_chef(db, 2, name="b", location="ΡΟΔΟΣ")
    for typed in ("İstanbul", "istanbul", "ISTANBUL", "I\u0307stanbul", "i\u0307stanbul"):
        assert await names(client, location=typed) == ["a"], typed
    assert await names(client, location="ΡΟΔΟΣ") == ["b"]


async def test_small_letters_are_those_of_the_database(db: TestDatabase) -> None:
    letters = "".join(
        letter
        for code in range(1, 0x20000)
        if unicodedata.category(letter := chr(code)) not in {"Cn", "Co", "Cs"}
    )
    async with db.read() as connection:
        theirs = await connection.scalar(text("SELECT lower(:letters)"), {"letters": letters})
    assert in_small_letters(letters) == theirs


async def test_chefs_from_before_are_composed_by_the_migration(
    committed_db: Database, definition: ServiceDefinition
) -> None:
    await migrate.downgrade(committed_db.url, definition.migrations, revision="20261130034000")
    await make_chef(committed_db, 1, location="Cafe\u0301", name="\u0958" * 120)
    await migrate.upgrade(committed_db.url, definition.migrations, say=lambda _: None)
    async with committed_db.read(fresh=True) as connection:
        row = (await connection.execute(select(Chef.location, Chef.name))).one()
    assert tuple(row) == ("Café", "\u0958" * 120)


@pytest.mark.parametrize("part", ["%", "_", "\\", "50%"])
async def test_signs_of_like_stand_for_themselves(
    client: httpx.AsyncClient, db: TestDatabase, part: str
) -> None:
    await make_chef(db, 1, name="plain", location="Seoul")
    await make_chef(db, 2, name="odd", location=f"at {part} street")
    assert await names(client, location=part) == ["odd"]


async def test_inactive_chefs_are_nowhere_to_be_seen(client: httpx.AsyncClient, db: TestDatabase) -> None:
    chef_id = await make_chef(db, is_active=False)
    assert await names(client) == []
    for path in (
        f"{CHEFS}/{chef_id}",
        f"{CHEFS}/{chef_id}/reviews",
        f"{CHEFS}/{chef_id}/slots?date=2030-01-01",
    ):
        answer = await client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "chef_not_found")
        assert answer.json()["error"]


async def test_one_chef_is_a_card_and_whose_it_is(client: httpx.AsyncClient, db: TestDatabase) -> None:
    chef_id = await make_chef(db, bio="Kimchi")
    chef = (await client.get(f"{CHEFS}/{chef_id}")).json()
    assert (chef["id"], chef["user_id"], chef["bio"], chef["price_per_session"]) == (
        chef_id,
        COOK,
        "Kimchi",
        120,
    )
    assert (chef["timezone"], chef["opens_hour"], chef["closes_hour"]) == ("Asia/Seoul", 9, 21)


async def test_who_holds_the_bytes_already_gets_304(client: httpx.AsyncClient, db: TestDatabase) -> None:
    chef_id = await make_chef(db)
    for path in (CHEFS, f"{CHEFS}/{chef_id}", f"{CHEFS}/{chef_id}/reviews"):
        first = await client.get(path)
        assert "public" in first.headers["cache-control"]
        again = await client.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


async def test_a_warm_read_does_not_touch_the_database(
    client: httpx.AsyncClient, db: TestDatabase, query_recorder: Callable[[], Any]
) -> None:
    chef_id = await make_chef(db)
    paths = (CHEFS, f"{CHEFS}/{chef_id}", f"{CHEFS}/{chef_id}/reviews")
    cold = [(await client.get(path)).content for path in paths]
    with query_recorder() as queries:
        assert [(await client.get(path)).content for path in paths] == cold
    assert queries == []


async def test_a_cold_list_is_two_queries_however_many_chefs(
    client: httpx.AsyncClient, db: TestDatabase, query_recorder: Callable[[], Any]
) -> None:
    for user in range(1, 11):
        await make_chef(db, user)
    with query_recorder() as queries:
        await client.get(CHEFS)
    assert len(queries) == 2


async def test_pages_of_one_filter_share_the_counting(
    client: httpx.AsyncClient, db: TestDatabase, query_recorder: Callable[[], Any]
) -> None:
    await make_chef(db)
    await client.get(CHEFS)
    with query_recorder() as queries:
        await client.get(CHEFS, params={"page": 2})
    assert len(queries) == 1


async def test_a_new_profile_and_its_changes_show_at_once(
    client: httpx.AsyncClient, db: TestDatabase
) -> None:
    assert await names(client) == []
    cook = Person(client, COOK)
    body = {"name": "Chef Kim", "cuisine_type": "Korean", "location": "Seoul", "price_per_session": 99.5}
    chef_id = (await cook.post("/chefs", body)).json()["id"]
    assert await names(client) == ["Chef Kim"]
    await client.get(f"{CHEFS}/{chef_id}")
    assert (await cook.patch("/chefs/me", {"name": "Chef Lee"})).status_code == 200
    assert await names(client) == ["Chef Lee"]
    assert (await client.get(f"{CHEFS}/{chef_id}")).json()["name"] == "Chef Lee"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"cursor": "?"}, "cursor"),
        ({"cursor": "WyJ4Il0"}, "cursor"),
        ({"location": "a\x00b"}, "location"),
        ({"cuisine": "x" * 51}, "cuisine"),
    ],
)
async def test_a_wrong_query_is_refused_by_its_name(
    client: httpx.AsyncClient, query: dict[str, Any], field: str
) -> None:
    answer = await client.get(CHEFS, params=query)
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]]
