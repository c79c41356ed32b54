"""Searching over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.review.tests.factories import CREATOR, Person, ahead, campaign_body, make_campaign, subscribe
from shared.schemas.dates import BUSINESS_ZONE, end_of_day, start_of_day, utcnow
from shared.schemas.keyset import encode_cursor
from testing.rollback import TestDatabase

SEARCH, SUGGEST = "/api/review/search", "/api/review/suggest"


async def found(client: httpx.AsyncClient, q: str, **query: Any) -> list[int]:
    answer = await client.get(SEARCH, params={"q": q, **query})
    assert answer.status_code == 200, answer.text
    return [hit["id"] for hit in answer.json()["campaigns"]]


async def plain(
    db: TestDatabase, title: str, product: str = "제품", description: str = "", **more: Any
) -> int:
    return await make_campaign(db, title=title, product_name=product, description=description, **more)


async def test_two_syllables_are_found_wherever_they_stand(
    client: httpx.AsyncClient, db: TestDatabase
) -> None:
    title = await plain(db, "화장품을 써 보실 분")
    description = await plain(db, "체험단", description="좋은화장대와 함께")
    boots = await plain(db, "장화 체험단")
    assert await found(client, "화장") == [title, description]
    assert await found(client, "화장품") == [title]
    assert await found(client, "화") == [boots, title, description]


async def test_pairs_that_do_not_stand_together_are_not_the_word(
    client: httpx.AsyncClient, db: TestDatabase
) -> None:
    await plain(db, "화장과 장품 그리고 품을")
    whole = await plain(db, "화장품을")
    assert await found(client, "화장품을") == [whole]


async def test_korean_and_english_are_asked_for_together(client: httpx.AsyncClient, db: TestDatabase) -> None:
    both = await plain(db, "갤럭시 S24 Ultra 케이스")
    await plain(db, "갤럭시 S23 케이스")
    await plain(db, "S24 Ultra only")
    assert await found(client, "ultra 갤럭시") == [both]
    assert await found(client, "갤럭시s24") == [both]


@pytest.mark.parametrize("query", ["WH-1000XM5", "wh1000xm5", "wh 1000xm5", "1000XM5", "ＷＨ－1000ＸＭ5"])
async def test_a_product_code_is_found_in_each_way_of_writing_it(
    client: httpx.AsyncClient, db: TestDatabase, query: str
) -> None:
    code = await plain(db, "헤드폰", "Sony WH-1000XM5")
    await plain(db, "헤드폰", "Sony WH-1000XM4")
    assert await found(client, query) == [code]


async def test_a_code_in_one_piece_is_found_by_its_parts_joined(
    client: httpx.AsyncClient, db: TestDatabase
) -> None:
    code = await plain(db, "헤드폰", "WH1000XM5")
    assert await found(client, "wh-1000xm5") == [code]


@pytest.mark.parametrize("typed", ["cofee", "coffeee", "coffie", "cofefe", "COFEE"])
async def test_one_typo_in_a_latin_word_is_forgiven_and_said(
    client: httpx.AsyncClient, db: TestDatabase, typed: str
) -> None:
    coffee = await plain(db, "Coffee beans 원두")
    await plain(db, "Tea leaves")
    answer = (await client.get(SEARCH, params={"q": f"{typed} 원두"})).json()
    assert [hit["id"] for hit in answer["campaigns"]] == [coffee]
    assert answer["corrections"] == {typed.lower(): ["coffee"]}
    assert answer["campaigns"][0]["highlights"]["title"] == "<mark>Coffee</mark> beans <mark>원두</mark>"


async def test_a_word_that_is_used_is_corrected_only_when_nothing_else_is_found(
    client: httpx.AsyncClient, db: TestDatabase
) -> None:
    case = await plain(db, "Phone case")
    base = await plain(db, "Lamp base")
    assert await found(client, "base") == [base]
    assert await found(client, "phone base") == [case]


async def test_codes_and_short_words_are_not_corrected(client: httpx.AsyncClient, db: TestDatabase) -> None:
    await plain(db, "S24FE tea")
    for query in ("s24fd", "tee", "tea s23fe"):
        assert await found(client, query) == []


async def test_the_title_weighs_more_than_the_description_and_then_the_newest_comes_first(
    client: httpx.AsyncClient, db: TestDatabase
) -> None:
    half = await plain(db, "무선 기기", description="이어폰")
    old = await plain(db, "무선 이어폰")
    new = await plain(db, "무선 이어폰")
    mentioned = await plain(db, "체험단", description="무선 이어폰")
    assert await found(client, "무선 이어폰") == [new, old, half, mentioned]


async def test_filters_narrow_a_search(client: httpx.AsyncClient, db: TestDatabase) -> None:
    soon = await plain(db, "크림", category="beauty", reward_type="cash", deadline=ahead(2))
    late = await plain(db, "크림", category="it's \\ beauty", reward_type="both", deadline=ahead(20))
    assert await found(client, "크림", category="beauty") == [soon]
    assert await found(client, "크림", category="it's \\ beauty") == [late]
    assert await found(client, "크림", reward_type="both") == [late]
    assert await found(client, "크림", deadline_to=ahead(10).isoformat()) == [soon]
    assert await found(client, "크림", deadline_from=ahead(10).isoformat()) == [late]
    assert await found(client, "크림", category="beauty", reward_type="both") == []


async def test_a_day_as_a_filter_is_the_whole_day_in_seoul(
    client: httpx.AsyncClient, db: TestDatabase
) -> None:
    day = (utcnow().astimezone(BUSINESS_ZONE) + timedelta(days=5)).date()
    first, last = start_of_day(day), end_of_day(day)
    await plain(db, "크림", deadline=first - timedelta(seconds=1))
    morning = await plain(db, "크림", deadline=first)
    evening = await plain(db, "크림", deadline=last)
    await plain(db, "크림", deadline=last + timedelta(seconds=1))
    within = {"deadline_from": day.isoformat(), "deadline_to": day.isoformat()}
    assert await found(client, "크림", **within) == [evening, morning]


async def test_pages_lead_through_every_hit_once_though_campaigns_come_meanwhile(
    client: httpx.AsyncClient, db: TestDatabase
) -> None:
    made = [await plain(db, "크림", description="x" * n) for n in range(7)][::-1]
    seen, cursor = list[int](), None
    while True:
        query = {"q": "크림", "limit": "3"} | ({"cursor": cursor} if cursor else {})
        page = (await client.get(SEARCH, params=query)).json()
        assert page["total"] == 7
        seen += [hit["id"] for hit in page["campaigns"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
        await plain(db, "새 크림 크림")
    assert seen == made


async def test_highlights_are_safe_html(client: httpx.AsyncClient, db: TestDatabase) -> None:
    await plain(db, "<script>alert('크림')</script>", description="a & b 크림")
    (hit,) = (await client.get(SEARCH, params={"q": "크림"})).json()["campaigns"]
    assert hit["title"] == "<script>alert('크림')</script>"
    assert hit["highlights"]["title"] == ("&lt;script&gt;alert(&#x27;<mark>크림</mark>&#x27;)&lt;/script&gt;")
    assert hit["highlights"]["description"] == "a &amp; b <mark>크림</mark>"
    assert {"max_reviewers", "applications_count", "deadline", "reward_value"} <= hit.keys()


@pytest.mark.parametrize(
    "query",
    ["&", "a' & b", "크림 | !x", '"크림"', "🎁", "' OR 1=1 --", "%", "\\", "a:*", "(((", "#g0", "ㅋㅋㅋ"],
)
async def test_an_odd_query_is_an_ordinary_one(
    client: httpx.AsyncClient, db: TestDatabase, query: str
) -> None:
    await plain(db, "선물 🎁")
    for path in (SEARCH, SUGGEST):
        assert (await client.get(path, params={"q": query})).status_code == 200
    assert await found(client, '"선물" & !') != []
    assert await found(client, "🎁") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "q"),
        ({"q": ""}, "q"),
        ({"q": "   "}, "q"),
        ({"q": "a" * 10_000}, "q"),
        ({"q": "x", "limit": 51}, "limit"),
        ({"q": "x", "cursor": "?"}, "cursor"),
        ({"q": "x", "reward_type": "money"}, "reward_type"),
        ({"q": "x", "deadline_to": "soon"}, "deadline_to"),
        (
            {"q": "x", "deadline_from": "2030-01-02T00:00:00Z", "deadline_to": "2030-01-01T00:00:00Z"},
            "deadline_to",
        ),
    ],
)
async def test_a_wrong_search_is_refused_by_its_name(
    client: httpx.AsyncClient, query: dict[str, Any], field: str
) -> None:
    answer = await client.get(SEARCH, params=query)
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]]


@pytest.mark.parametrize("values", [(2**62, 1, 1), (0, 0, 0), (2**62, 2**62, 2**62)])
async def test_a_cursor_that_was_made_up_leads_nowhere_and_takes_no_time(
    client: httpx.AsyncClient, db: TestDatabase, values: tuple[int, int, int]
) -> None:
    await plain(db, "크림")
    answer = await client.get(SEARCH, params={"q": "크림", "cursor": encode_cursor(*values)})
    assert answer.status_code == 200


async def test_a_new_campaign_is_found_at_once(client: httpx.AsyncClient, db: TestDatabase) -> None:
    await subscribe(db, CREATOR)
    assert await found(client, "수분") == []
    made = await Person(client, CREATOR).post("/campaigns", campaign_body())
    assert await found(client, "수분") == [made.json()["id"]]


async def texts(client: httpx.AsyncClient, q: str) -> list[str]:
    answer = await client.get(SUGGEST, params={"q": q})
    assert answer.status_code == 200, answer.text
    return [suggestion["text"] for suggestion in answer.json()["suggestions"]]


async def test_typing_ahead_completes_products_the_most_frequent_first(
    client: httpx.AsyncClient, db: TestDatabase
) -> None:
    for _ in range(2):
        await plain(db, "체험단", "화장품 세트")
    await plain(db, "체험단", "화장대")
    await plain(db, "체험단", "Galaxy Buds")
    await plain(db, "체험단", "Gala dinner")
    assert await texts(client, "화장") == ["화장품 세트", "화장대"]
    assert await texts(client, "화장ㅍ") == ["화장품 세트", "화장대"]
    assert await texts(client, "화자") == ["화장품 세트", "화장대"]
    assert await texts(client, "gal") == ["Gala dinner", "Galaxy Buds"]
    assert await texts(client, "galaxy b") == ["Galaxy Buds"]
    assert await texts(client, "없는") == []
    assert await texts(client, "ㅎ") == []
