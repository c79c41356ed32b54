from __future__ import annotations

import socket
from typing import Any

import httpx
import pytest
from fastapi import APIRouter
from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from shared.errors import Conflict, FieldError, TooManyRequests
from shared.web.failures import answer_to
from shared.web.routes import public


class Full(Conflict):
    """That day is full."""


@pytest.fixture
def router(router: APIRouter, behaviour: Any) -> APIRouter:
    @router.get("/fail", dependencies=[public])
    async def fail() -> None:
        raise behaviour.error

    return router


async def test_our_errors_answer_as_they_say(http: httpx.AsyncClient, behaviour: Any) -> None:
    behaviour.error = Full(errors=[FieldError("date", "full")], free_from="2031-01-02")
    answer = await http.get("/api/fail")
    body = answer.json()
    assert (answer.status_code, body["code"], body["error"]) == (409, "full", "That day is full.")
    assert body["errors"] == [{"field": "date", "message": "full"}]
    assert body["free_from"] == "2031-01-02"


async def test_headers_of_an_error_are_sent(http: httpx.AsyncClient, behaviour: Any) -> None:
    behaviour.error = TooManyRequests(retry_after=12)
    assert (await http.get("/api/fail")).headers["retry-after"] == "12"
    behaviour.error = HTTPException(418, "I am short and stout", headers={"X-Pot": "tea"})
    answer = await http.get("/api/fail")
    assert (answer.status_code, answer.json()["error"], answer.headers["x-pot"]) == (
        418,
        "I am short and stout",
        "tea",
    )


@pytest.mark.parametrize(
    "error",
    [
        PoolTimeout("QueuePool limit of size 5 reached"),
        ConnectionRefusedError(111, "Connect call failed"),
        TimeoutError(),
        socket.gaierror(-2, "Name or service not known"),
        OSError(113, "Connect call failed"),
        OSError("Multiple exceptions: one for each of a name's addresses"),
        RedisConnectionError("Error 111 connecting"),
        httpx.ConnectTimeout(""),
    ],
)
async def test_what_we_depend_on_being_away_is_a_503_to_try_again(
    http: httpx.AsyncClient, behaviour: Any, error: Exception
) -> None:
    behaviour.error = error
    answer = await http.get("/api/fail")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert "limit" not in answer.text


FILE_LOST = FileNotFoundError(2, "No such file or directory", "file")


@pytest.mark.parametrize(
    "error", [ValueError("x"), KeyError("x"), FILE_LOST, ExceptionGroup("x", [ValueError()])]
)
def test_a_bug_is_a_500(error: Exception) -> None:
    assert answer_to(error).status_code == 500
