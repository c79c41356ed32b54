from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

JSON = {"Content-Type": "application/json"}
GOOD = {"name": "pan", "owner_id": 1, "price": 9.5, "due": "2031-01-31T10:00:00Z"}


async def post(http: httpx.AsyncClient, content: Any, **headers: str) -> httpx.Response:
    answer = await http.post("/api/things", content=content, headers={**JSON, **headers})
    assert answer.status_code < 400 or isinstance(answer.json()["error"], str)
    return answer


def fields(answer: httpx.Response) -> list[str]:
    return [item["field"] for item in answer.json().get("errors", [])]


async def test_a_good_body_passes_also_with_korean_and_emoji(http: httpx.AsyncClient) -> None:
    answer = await post(http, json.dumps({**GOOD, "name": "냄비 🍳"}))
    assert (answer.status_code, answer.json()["name"]) == (201, "냄비 🍳")


@pytest.mark.parametrize(
    "content",
    [b"{", b'{"a":}', b"\xff", b'{"name": "\xff"}', b'{"name": "\x00"}', "{}".encode("utf-16"), b"nope"],
)
async def test_malformed_json_is_a_400(http: httpx.AsyncClient, content: bytes) -> None:
    answer = await post(http, content)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_json")


@pytest.mark.parametrize("content", [b"[" * 100_0 + b"]" * 100_0, b'{"a":' * 300 + b"[" * 500, b"[" * 2000])
async def test_deep_nesting_is_a_4xx(http: httpx.AsyncClient, content: bytes) -> None:
    assert (await post(http, content)).status_code in {400, 413, 422}


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (b'{"name": "a\\u0000b"}', "name"),
        (b'{"name": "\\ud800"}', "name"),
        (b'{"price": NaN}', "price"),
        (b'{"price": -Infinity}', "price"),
        (b'{"price": 1e999}', "price"),
        (b'{"owner_id": ' + b"9" * 1500 + b"}", "owner_id"),
        (b'{"price": 0.' + b"9" * 1500 + b"}", "price"),
        (b'{"tags": ["fine", {"x": "\\u0000"}]}', "tags.1.x"),
        (b'{"a\\u0000": 1}', "body"),
    ],
)
async def test_values_that_nothing_could_store_name_their_field(
    http: httpx.AsyncClient, content: bytes, field: str
) -> None:
    answer = await post(http, content)
    assert (answer.status_code, fields(answer)) == (422, [field])


async def test_text_that_only_looks_like_an_escape_passes(http: httpx.AsyncClient) -> None:
    answer = await post(http, json.dumps({**GOOD, "name": "\\u0000"}))
    assert (answer.status_code, answer.json()["name"]) == (201, "\\u0000")
    assert (await post(http, json.dumps({**GOOD, "tags": ["9" * 400]}))).status_code == 201


async def test_wrong_fields_are_all_named(http: httpx.AsyncClient) -> None:
    answer = await post(http, json.dumps({"name": " ", "owner_id": 0, "price": "x", "tags": ["a", 1]}))
    assert answer.status_code == 422
    assert sorted(fields(answer)) == ["due", "name", "owner_id", "price", "tags.1"]
    assert answer.json()["error"].startswith("name: ")


@pytest.mark.parametrize("content", [b"[]", b"1", b'"text"', b"null", b""])
async def test_a_body_that_is_no_object_is_named(http: httpx.AsyncClient, content: bytes) -> None:
    answer = await post(http, content)
    assert (answer.status_code, fields(answer)) == (422, ["body"])


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/xml", ""])
async def test_another_kind_of_body_is_told_what_is_wanted(http: httpx.AsyncClient, kind: str) -> None:
    answer = await http.post("/api/things", content=b"name=pan", headers={"Content-Type": kind})
    assert answer.status_code == 415
    assert "application/json" in answer.json()["error"]


async def test_an_empty_body_of_type_json_is_no_body(http: httpx.AsyncClient) -> None:
    answer = await http.put("/api/things/1/options", headers=JSON)
    assert (answer.status_code, answer.json()["colour"]) == (200, None)


async def test_an_unknown_field_is_ignored(http: httpx.AsyncClient) -> None:
    answer = await http.put("/api/things/1/options", json={"template_id": 7, "colour": "red"})
    assert (answer.status_code, answer.json()["colour"]) == (200, "red")


async def test_a_body_over_the_limit_is_refused_by_its_stated_length(http: httpx.AsyncClient) -> None:
    answer = await post(http, b" " * 2049)
    assert (answer.status_code, answer.headers["connection"]) == (413, "close")
    assert (await http.post("/api/hook", content=b" " * 2048)).json() == {"length": 2048}


async def test_a_body_over_the_limit_is_refused_while_it_streams(http: httpx.AsyncClient) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield b" " * 512

    answer = await post(http, endless())
    assert (answer.status_code, sent) == (413, 5)
    assert (await http.post("/api/hook", content=endless())).status_code == 413


@pytest.mark.parametrize("length", ["x", "-1", "1" * 30])
async def test_a_nonsense_length_is_a_4xx(http: httpx.AsyncClient, length: str) -> None:
    answer = await post(http, b"{}", **{"Content-Length": length})
    assert answer.status_code in {400, 413}
