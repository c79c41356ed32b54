"""The board that anybody reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from services.review.tests.factories import ahead, make_listing
from shared.schemas.dates import utcnow
from testing.rollback import TestDatabase

BOARD = "/api/experience"


async def ids(client: httpx.AsyncClient, **query: Any) -> list[int]:
    answer = await client.get(f"{BOARD}/listings", params=query)
    assert answer.status_code == 200, answer.text
    return [listing["id"] for listing in answer.json()["data"]]


async def test_a_page_has_the_contracts_envelope_and_fields(
    client: httpx.AsyncClient, db: TestDatabase
) -> None:
    listing_id = await make_listing(db)
    page = (await client.get(f"{BOARD}/listings")).json()
    assert (page["total"], page["page"], page["per_page"], page["pages"]) == (1, 1, 12, 1)
    assert page["data"] == [(await client.get(f"{BOARD}/listings/{listing_id}")).json()]
    assert page["data"][0] == {
        "id": listing_id, "site": "danggeun", "title": "동네 체험단", "url": "https://partner.example/1",
        "deadline": None, "category": "food", "reward": "", "description": "", "image_url": "",
    }  # fmt: skip


async def test_pages_are_newest_first_and_one_past_the_end_is_empty(
    client: httpx.AsyncClient, db: TestDatabase
) -> None:
    made = [await make_listing(db, number=number) for number in range(15)][::-1]
    assert await ids(client) == made[:12]
    assert await ids(client, page=2) == made[12:]
    assert await ids(client, page=10**15) == []
    assert await ids(client, page=2, per_page=5) == made[5:10]


async def test_filters_and_what_is_not_shown(client: httpx.AsyncClient, db: TestDatabase) -> None:
    food = await make_listing(db, "soomgo", number=1, deadline=ahead())
    tech = await make_listing(db, "danggeun", number=2, category="tech")
    late = await make_listing(db, "danggeun", number=3, deadline=ahead(-1))
    gone = await make_listing(db, "danggeun", number=4, retired_at=utcnow())
    assert await ids(client) == [tech, food]
    assert await ids(client, site="soomgo") == [food]
    assert await ids(client, category="tech") == [tech]
    assert await ids(client, site="soomgo", category="tech") == []
    assert await ids(client, site="", category="") == [tech, food]
    korean = await make_listing(db, "danggeun", number=5, category="\ub9db\uc9d1")
    assert await ids(client, category="\u1106\u1161\u11ba\u110c\u1175\u11b8") == [korean]
    assert (await client.get(f"{BOARD}/listings/{late}")).status_code == 200
    answer = await client.get(f"{BOARD}/listings/{gone}")
    assert (answer.status_code, answer.json()["code"]) == (404, "listing_not_found")


async def test_an_empty_board_is_no_error(client: httpx.AsyncClient) -> None:
    stats = (await client.get(f"{BOARD}/stats")).json()
    assert (stats["total_listings"], stats["total_sites"], stats["sites"], stats["categories"]) == (
        0,
        0,
        {},
        {},
    )
    assert stats["last_updated"]
    assert (await client.get(f"{BOARD}/categories")).json() == {"categories": []}


async def test_the_numbers_of_the_board(client: httpx.AsyncClient, db: TestDatabase) -> None:
    kinds = [("soomgo", "food"), ("soomgo", "tech"), ("danggeun", "food"), ("danggeun", "")]
    for number, (site, category) in enumerate(kinds):
        await make_listing(db, site, number=number, category=category)
    stats = (await client.get(f"{BOARD}/stats")).json()
    assert (stats["total_listings"], stats["total_sites"]) == (4, 2)
    assert stats["sites"] == {
        "danggeun": {"count": 2, "categories": ["food"]},
        "soomgo": {"count": 2, "categories": ["food", "tech"]},
    }
    assert stats["categories"] == {"food": 2, "tech": 1}


async def test_sites_and_categories(client: httpx.AsyncClient, db: TestDatabase) -> None:
    await make_listing(db, "soomgo", number=1, category="나")
    await make_listing(db, "soomgo", number=2, category="가")
    assert (await client.get(f"{BOARD}/categories")).json() == {"categories": ["가", "나"]}
    sites = (await client.get(f"{BOARD}/sites")).json()["sites"]
    assert {site: entry["name"] for site, entry in sites.items()} == {
        "coupang_eats": "Coupang Eats",
        "danggeun": "Danggeun",
        "soomgo": "Soomgo",
        "today_deal": "Today Deal",
    }
    assert (sites["soomgo"]["count"], sites["danggeun"]["count"], sites["soomgo"]["status"]) == (
        2,
        0,
        "never",
    )


async def test_who_holds_the_bytes_gets_304_and_a_warm_read_asks_no_database(
    client: httpx.AsyncClient, db: TestDatabase, query_recorder: Callable[[], Any]
) -> None:
    listing_id = await make_listing(db)
    paths = [
        f"{BOARD}/{name}" for name in ("listings", f"listings/{listing_id}", "stats", "categories", "sites")
    ]
    etags = [(await client.get(path)).headers["etag"] for path in paths]
    with query_recorder() as queries:
        for path, etag in zip(paths, etags, strict=True):
            assert (await client.get(path, headers={"If-None-Match": etag})).status_code == 304
    assert queries == []


@pytest.mark.parametrize(
    ("query", "field"), [({"category": "x" * 101}, "category"), ({"site": "x" * 51}, "site")]
)
async def test_a_wrong_query_is_refused_by_its_name(
    client: httpx.AsyncClient, query: dict[str, Any], field: str
) -> None:
    answer = await client.get(f"{BOARD}/listings", params=query)
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]]
