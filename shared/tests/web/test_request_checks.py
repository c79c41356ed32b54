from __future__ import annotations

import httpx
import pytest

from shared.web.paging import MAX_PAGE


@pytest.mark.parametrize("text", ["%00", "a%00b", "%FF", "%ED%A0%80", "%C3%28"])
async def test_a_query_that_is_no_text_names_its_parameter(http: httpx.AsyncClient, text: str) -> None:
    answer = await http.get(f"/api/things?page=1&q={text}")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "q")


async def test_a_parameters_name_that_is_no_text_is_refused(http: httpx.AsyncClient) -> None:
    assert (await http.get("/api/things?a%00=1")).status_code == 422


@pytest.mark.parametrize("path", ["/api/things/%00/options", "/api/%FF", "/api/things/1%00"])
async def test_a_path_that_is_no_text_is_refused(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "path")


async def test_korean_and_emoji_pass(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/things", params={"q": "한식 🍳 100%"})
    assert answer.json()["q"] == "한식 🍳 100%"


@pytest.mark.parametrize(
    ("query", "page", "per_page"),
    [
        ("page=0&per_page=0", 1, 12),
        ("page=-1&per_page=-3", 1, 12),
        ("page=x&per_page=1.5", 1, 12),
        ("page=&per_page=", 1, 12),
        (f"page=-{'9' * 5000}&per_page=1e3", 1, 12),
        (f"page={2**63}&per_page=101", MAX_PAGE, 100),
        (f"page={'9' * 5000}&per_page={'9' * 5000}", MAX_PAGE, 100),
        ("page=2&per_page=%2B7", 2, 7),
    ],
    ids=str,
)
async def test_a_page_that_makes_no_sense_is_the_default_and_a_too_large_one_the_maximum(
    http: httpx.AsyncClient, query: str, page: int, per_page: int
) -> None:
    answer = await http.get(f"/api/things?{query}")
    assert (answer.status_code, answer.json()) == (200, {"page": page, "per_page": per_page, "q": ""})


@pytest.mark.parametrize(
    "query", ["limit=", "limit=&q=x", "q=x&limit=", "limit", "q=x&limit&page=2", "limit=&limit=7"]
)
async def test_a_parameter_without_a_value_was_left_out(http: httpx.AsyncClient, query: str) -> None:
    answer = await http.get(f"/api/parts?{query}")
    assert (answer.status_code, answer.json()["limit"]) == (200, 7 if "7" in query else 5)


@pytest.mark.parametrize("query", ["cursor=YWI=", "cursor=YWI=&limit=", "cursor=YWI==&limit"])
async def test_a_value_may_end_with_what_others_begin_with(http: httpx.AsyncClient, query: str) -> None:
    answer = await http.get(f"/api/parts?{query}")
    assert answer.json()["cursor"].strip("=") == "YWI"
    assert answer.json()["cursor"].endswith("=")


async def test_pages_have_the_routes_own_default(http: httpx.AsyncClient) -> None:
    assert (await http.get("/api/things")).json() == {"page": 1, "per_page": 12, "q": ""}


@pytest.mark.parametrize("thing_id", ["0", "-1", "x", "1.5", str(2**63), "9" * 5000])
async def test_an_id_beyond_its_range_names_the_parameter(http: httpx.AsyncClient, thing_id: str) -> None:
    answer = await http.put(f"/api/things/{thing_id}/options")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "thing_id")


async def test_a_header_with_nul_names_the_header(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/do", headers={b"X-Note": b"a\x00"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "x-note")
