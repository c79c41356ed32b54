"""How much of one request is looked at, and what that costs everybody else on the event loop."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from functools import partial
from time import thread_time
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter
from pydantic import Field

from shared.schemas.text import Text
from shared.schemas.types import BoundedList, Id, StrictRequest
from shared.settings import ServiceSettings
from shared.web.body_limits import BodyLimits, with_body_limits
from shared.web.request_checks import MAX_HEADERS, MAX_PARAMETERS
from shared.web.routes import public

JSON = {"Content-Type": "application/json"}
MEGABYTE = 1024 * 1024
BUSY_SECONDS = 0.05
"""For so long one request may keep all others waiting."""


class Item(StrictRequest):
    item_id: Id
    links: Annotated[list[Annotated[str, Text(1, 20)]], Field(max_length=35)]


class Items(StrictRequest):
    items: Annotated[list[Item], BoundedList(1, 1000)]


@pytest.fixture
def settings(settings: ServiceSettings) -> ServiceSettings:
    return settings.model_copy(update={"max_body_bytes": MEGABYTE})


@pytest.fixture
def router(router: APIRouter) -> APIRouter:
    @router.post("/anything", dependencies=[public])
    async def anything(body: dict[str, Any]) -> int:
        return len(body)

    @router.post("/items", dependencies=[public])
    @with_body_limits(BodyLimits(values=50_000))
    async def add_items(body: Items) -> int:
        return len(body.items)

    return router


def repeated(start: str, part: str, end: str) -> str:
    """As often as there is room for in a body."""
    return start + part * ((MEGABYTE - len(start) - len(end)) // len(part)) + end


UNKNOWN = json.dumps({f"k{number}": 1 for number in range(70_000)})
LARGE = {
    "70,000 unknown fields": UNKNOWN,
    "lists": repeated("[", "[],", "[]]"),
    "objects": repeated("[", "{},", "{}]"),
    "texts": repeated("[", '"",', '""]'),
    "floats": repeated("[", "1e308,", "1]"),
    "odd texts": repeated("[", '"\\ud800",', "1]"),
    "colons": repeated("[", ":", "]"),
    "colons in lists": repeated("", "[:::::::::::::::::::::", "]"),
    "quotes": repeated("", '"', ""),
    "escaped quotes": repeated('{"a": "', '\\"', '"}'),
    "escapes": repeated('{"a": "', "\\u0041", '"}'),
    "surrogates": repeated('{"a": "', "\\ud83d\\ude00", '"}'),
    "a long name": repeated('{"', "a", '": {"a": "\\u0000", "b": [' + "1," * 900 + "1]}}"),
    "signs in a text": repeated('{"a": "', "[{,:", '"}'),
    "wrong items": json.dumps({"items": [{"links": [1] * 35}] * 1000}),
    "items of unknown fields": json.dumps({"items": [{f"k{n}": 1 for n in range(99)}] * 500}),
    "one item of unknown fields": json.dumps({"items": [{f"k{n}": 1 for n in range(45_000)}]}),
    "odd items": json.dumps({"items": [{"item_id": 1, "links": ["x"] * 34 + ["\ud800"]}] * 1000}),
    "good items": json.dumps({"items": [{"item_id": 1, "links": ["x"] * 35}] * 1000}),
}


async def busy(send: Callable[[], Awaitable[Any]]) -> float:
    """The seconds of this thread's own work, the best of three: the first one also fills caches."""
    spent = []
    for _ in range(3):
        started = thread_time()
        await send()
        spent.append(thread_time() - started)
    return min(spent)


@pytest.mark.parametrize("path", ["/api/anything", "/api/things", "/api/items", "/api/hook"])
async def test_no_body_keeps_the_others_waiting(http: httpx.AsyncClient, path: str) -> None:
    for what, body in LARGE.items():
        content = body.encode()
        assert len(content) <= MEGABYTE
        answer = await http.post(path, content=content, headers=JSON)
        assert (answer.status_code < 500, len(answer.content) < 50_000) == (True, True), what
        seconds = await busy(partial(http.post, path, content=content, headers=JSON))
        assert seconds < BUSY_SECONDS, what


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (UNKNOWN, "too_many_values"),
        (json.dumps({"a": list(range(1001))}), "too_many_values"),
        (json.dumps({"a": [[]] * 1000}), "too_many_values"),
        (json.dumps({"a": [""] * 5000}), "too_many_values"),
        (json.dumps({f"k{number}": 1 for number in range(101)}), "too_many_values"),
        ('{"a":' * 33 + "1" + "}" * 33, "nested_too_deeply"),
        ('{"a":' + "[" * 32 + "]" * 32 + "}", "nested_too_deeply"),
        (json.dumps({"k" * 257: 1}), "name_too_long"),
        (json.dumps({"a": {"\\" * 300: 1}}), "name_too_long"),
    ],
    ids=range(9),
)
async def test_a_body_that_holds_too_much_is_refused_before_its_model(
    http: httpx.AsyncClient, body: str, code: str
) -> None:
    for path in ("/api/anything", "/api/things", "/api/hook"):
        answer = await http.post(path, content=body, headers=JSON)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert answer.json()["errors"][0]["field"] == "body"


@pytest.mark.parametrize(
    "body",
    [
        {"a": list(range(900))},
        {f"k{number}": 1 for number in range(100)},
        {"a": '[{,:"\\' * 5000},
        {"a": "x" * 5000, "b": ["y" * 300] * 200},
        {"k" * 256: 1},
        {'"\\' * 60: '"\\"'},
    ],
)
async def test_what_a_text_holds_does_not_count(http: httpx.AsyncClient, body: Any) -> None:
    for content in (json.dumps(body), json.dumps(body, indent=2, ensure_ascii=False)):
        answer = await http.post("/api/anything", content=content, headers=JSON)
        assert (answer.status_code, answer.json()) == (200, len(body))


async def test_32_levels_are_deep_enough(http: httpx.AsyncClient) -> None:
    answer = await http.post("/api/anything", content='{"a":' * 32 + "1" + "}" * 32, headers=JSON)
    assert answer.status_code == 200


async def test_a_route_may_take_more(http: httpx.AsyncClient) -> None:
    answer = await http.post("/api/items", content=LARGE["good items"], headers=JSON)
    assert (answer.status_code, answer.json()) == (200, 1000)


async def test_a_long_list_is_given_up_after_ten_wrong_items(http: httpx.AsyncClient) -> None:
    items = [{"item_id": 1, "links": []}, *[{"item_id": 0, "links": [], "x": 1}] * 500]
    answer = await http.post("/api/items", json={"items": items})
    wrong = [item["field"] for item in answer.json()["errors"]]
    assert (answer.status_code, wrong[:2], len(wrong)) == (422, ["items.1.item_id", "items.1.x"], 20)
    for count in (0, 1001):
        answer = await http.post("/api/items", json={"items": items[:1] * count})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "items")


@pytest.mark.parametrize(
    ("number", "status"),
    [
        (2**63 - 1, 200),
        (-(2**63), 200),
        (2**63, 422),
        (-(2**63) - 1, 422),
        (2**64, 422),
        (10**400, 422),
        ("9" * 400, 200),
        (0.1234567890123456789, 200),
    ],
)
async def test_an_integer_beyond_64_bits_names_its_field(
    http: httpx.AsyncClient, number: Any, status: int
) -> None:
    answer = await http.post("/api/anything", json={"a": {"b": [1, number]}})
    assert answer.status_code == status
    if status == 422:
        assert [item["field"] for item in answer.json()["errors"]] == ["a.b.1"]


async def test_a_second_content_type_does_not_lead_around_the_bounds(http: httpx.AsyncClient) -> None:
    for kinds in (["application/json", "text/plain"], ["text/plain", "application/json"]):
        headers = [("Content-Type", kind) for kind in kinds]
        answer = await http.post("/api/anything", content=UNKNOWN, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "too_many_values")


async def test_an_address_has_its_bounds(http: httpx.AsyncClient) -> None:
    for address in ("/api/" + "x" * 17_000, "/api/things?q=" + "x" * 17_000):
        answer = await http.get(address)
        assert (answer.status_code, answer.json()["code"]) == (414, "address_too_long")
    assert (await http.get("/api/things?" + "&".join(["page=1"] * MAX_PARAMETERS))).status_code == 200
    answer = await http.get("/api/things?" + "&".join(["page=1"] * (MAX_PARAMETERS + 1)))
    assert (answer.status_code, answer.json()["code"]) == (400, "too_many_parameters")


async def test_headers_have_their_bounds(http: httpx.AsyncClient) -> None:
    for headers in ([("x-a", "1")] * (MAX_HEADERS + 1), [("x-a", "1" * 70_000)]):
        answer = await http.get("/api/things", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (431, "headers_too_large")
    assert (await http.get("/api/things", headers=[("x-a", "1" * 900)] * 30)).status_code == 200
