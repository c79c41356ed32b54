from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import APIRouter

from shared.errors import Conflict
from shared.web.access_log import find_client_ip
from shared.web.deps import Session
from shared.web.routes import public


class FakeSessions:
    """Notes what becomes of each transaction; a commit may fail."""

    primary = type("Engine", (), {"pool": None})()

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.commit_fails = False

    @asynccontextmanager
    async def session(self) -> AsyncIterator[str]:
        try:
            yield "session"
        except BaseException:
            self.notes.append("rolled back")
            raise
        if self.commit_fails:
            raise ConnectionResetError
        self.notes.append("committed")


@pytest.fixture
def sessions(fake: Any) -> FakeSessions:
    fake.database = FakeSessions()
    found: FakeSessions = fake.database
    return found


@pytest.fixture
def router(router: APIRouter, sessions: FakeSessions) -> APIRouter:
    @router.post("/write", status_code=201, dependencies=[public])
    async def write(session: Session, fail: bool = False) -> dict[str, Any]:
        if fail:
            raise Conflict
        sessions.notes.append("answered")
        return {"session": session}

    return router


async def test_the_transaction_is_committed_after_the_endpoint(
    http: httpx.AsyncClient, sessions: FakeSessions
) -> None:
    assert (await http.post("/api/write")).status_code == 201
    assert sessions.notes == ["answered", "committed"]


async def test_a_commit_that_fails_is_no_success(http: httpx.AsyncClient, sessions: FakeSessions) -> None:
    sessions.commit_fails = True
    assert (await http.post("/api/write")).status_code == 503


async def test_an_error_rolls_back(http: httpx.AsyncClient, sessions: FakeSessions) -> None:
    assert (await http.post("/api/write?fail=true")).status_code == 409
    assert sessions.notes == ["rolled back"]


@pytest.mark.parametrize(
    ("forwarded", "hops", "expected"),
    [
        (["9.9.9.9"], 0, "peer"),
        (["1.1.1.1, 2.2.2.2"], 2, "1.1.1.1"),
        (["1.1.1.1"], 3, "1.1.1.1"),
        (["1.1.1.1", "2.2.2.2"], 1, "2.2.2.2"),
        ([" , "], 1, "peer"),
    ],
)
def test_only_the_trusted_proxies_are_believed(forwarded: list[str], hops: int, expected: str) -> None:
    scope = {"client": ("peer", 1), "headers": [(b"x-forwarded-for", value.encode()) for value in forwarded]}
    assert find_client_ip(scope, hops) == expected
