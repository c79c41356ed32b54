from __future__ import annotations

from typing import Any

import httpx
import pytest
from fastapi import APIRouter
from starlette.requests import Request

from shared.web.response_cache import CachedJSON
from shared.web.routes import public

BODY, ETAG = b'{"chefs":[]}', '"abc123"'


@pytest.fixture
def router(router: APIRouter) -> APIRouter:
    @router.get("/hot", dependencies=[public])
    async def hot(request: Request, private: bool = False) -> Any:
        return CachedJSON(request, BODY, etag=ETAG, max_age=30, private=private)

    return router


async def test_the_bytes_come_with_their_etag_and_how_long_they_hold(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/hot")
    assert (answer.status_code, answer.content) == (200, BODY)
    assert answer.headers["etag"] == ETAG
    assert answer.headers["cache-control"] == "public, max-age=30"
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-length"] == str(len(BODY))
    assert answer.headers["vary"] == "Origin"


@pytest.mark.parametrize("held", ['"abc123"', 'W/"abc123"', '"old", "abc123"', "*"])
async def test_who_holds_the_same_gets_304_without_a_body(http: httpx.AsyncClient, held: str) -> None:
    answer = await http.get("/api/hot", headers={"If-None-Match": held})
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == ETAG
    assert "content-length" not in answer.headers


@pytest.mark.parametrize("held", ['"old"', "abc123", "", '"abc'])
async def test_who_holds_something_else_gets_the_bytes(http: httpx.AsyncClient, held: str) -> None:
    assert (await http.get("/api/hot", headers={"If-None-Match": held})).content == BODY


async def test_a_users_own_data_stays_out_of_shared_caches(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/hot?private=true")
    assert answer.headers["cache-control"] == "private, max-age=30"
