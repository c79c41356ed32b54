"""Requests that are run again, on a real database whose schema changes under them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request
from pydantic import BaseModel, Field
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db.database import Database
from shared.db.transactions import driver
from shared.web.deps import RuntimeDep, Session
from shared.web.routes import public

WARM = 5
"""Connections that know the plans."""


class Named(BaseModel):
    name: Annotated[str, Field(max_length=50)]


@pytest.fixture
def migrations() -> Path:
    return Path(__file__).parent.parent / "sample_migrations"


@pytest.fixture
def database_name() -> str:
    return "sample"


async def names_in(session: AsyncSession) -> list[str]:
    return list(await session.scalars(text("SELECT name FROM things ORDER BY id")))


@pytest.fixture
def calls() -> list[str]:
    """Each endpoint says that it was called, and how."""
    return []


@pytest.fixture
def router(router: APIRouter, calls: list[str]) -> APIRouter:
    @router.get("/names", dependencies=[public])
    async def read(runtime: RuntimeDep) -> Any:
        async with runtime.database.read() as connection:
            return list(await connection.scalars(text("SELECT name FROM things ORDER BY id")))

    @router.get("/raw-names", dependencies=[public])
    async def fetch(runtime: RuntimeDep) -> Any:
        return [row["name"] for row in await runtime.database.fetch("SELECT name FROM things ORDER BY id")]

    @router.post("/names", status_code=201, dependencies=[public])
    async def add(session: Session, body: Named) -> Any:
        calls.append(body.name)
        await session.execute(text("INSERT INTO things (name) VALUES (:name)"), {"name": body.name})
        return await names_in(session)

    @router.post("/raw-names", status_code=201, dependencies=[public])
    async def add_raw(session: Session, body: Named) -> Any:
        calls.append(body.name)
        connection = await driver(session)
        await connection.execute("INSERT INTO things (name) VALUES ($1)", body.name)
        return [row["name"] for row in await connection.fetch("SELECT name FROM things ORDER BY id")]

    @router.post("/parts", status_code=201, dependencies=[public])
    async def add_in_parts(request: Request, runtime: RuntimeDep, body: Named) -> Any:
        calls.append(body.name)
        async with runtime.database.session() as session:
            await session.execute(text("INSERT INTO things (name) VALUES (:name)"), {"name": body.name})
        async with runtime.database.session() as session:
            return await names_in(session)

    return router


@pytest.fixture
async def service(app: FastAPI, fake: Any, committed_db: Database) -> AsyncIterator[httpx.AsyncClient]:
    fake.database = committed_db
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sample.test") as client,
    ):
        yield client


async def change_type(database: Database) -> None:
    async with database.session() as session:
        await session.execute(text("ALTER TABLE things ALTER name TYPE varchar(60)"))


async def warm_up(service: httpx.AsyncClient, database: Database, path: str, *, writes: bool) -> list[str]:
    """Every connection of the pool has the endpoint's plans; the names that it added."""
    names: list[str] = []
    held = [await database.primary.connect() for _ in range(WARM - 1)]
    for connection in [*held, None]:
        for turn in range(2):
            if writes:
                names.append(f"warm {len(names)} {turn}")
                await service.post(path, json={"name": names[-1]})
            else:
                await service.get(path)
        if connection is not None:
            await connection.close()
    return names


@pytest.mark.parametrize("path", ["/api/names", "/api/raw-names"])
async def test_no_read_fails_when_a_columns_type_changes(
    service: httpx.AsyncClient, committed_db: Database, path: str
) -> None:
    await warm_up(service, committed_db, path, writes=False)
    await change_type(committed_db)
    answers = await asyncio.gather(*(service.get(path) for _ in range(WARM)))
    assert [answer.status_code for answer in answers] == [200] * WARM


@pytest.mark.parametrize("path", ["/api/names", "/api/raw-names"])
async def test_no_write_fails_when_a_columns_type_changes_and_each_happens_once(
    service: httpx.AsyncClient, committed_db: Database, path: str, calls: list[str]
) -> None:
    before = await warm_up(service, committed_db, path, writes=True)
    calls.clear()
    await change_type(committed_db)
    for number in range(WARM):
        answer = await service.post(path, json={"name": str(number)})
        assert (answer.status_code, answer.json()[len(before) :]) == (
            201,
            [str(n) for n in range(number + 1)],
        )
    assert calls == ["0", "0", "1", "2", "3", "4"], "the first, which met the old plan, was run twice"


async def test_what_has_committed_something_is_not_run_again(
    service: httpx.AsyncClient, committed_db: Database, calls: list[str]
) -> None:
    await warm_up(service, committed_db, "/api/parts", writes=True)
    calls.clear()
    await change_type(committed_db)
    answer = await service.post("/api/parts", json={"name": "once"})
    assert (answer.status_code, answer.headers["retry-after"], answer.json()["code"]) == (
        503,
        "1",
        "unavailable",
    )
    assert calls == ["once"]


async def test_one_of_two_writes_that_deadlock_is_run_again(
    service: httpx.AsyncClient, committed_db: Database, router: APIRouter, app: FastAPI
) -> None:
    both_hold_one = asyncio.Barrier(2)
    first = True

    @app.post("/api/swap/{one}/{other}")
    async def swap(session: Session, one: str, other: str) -> Any:
        nonlocal first
        lock = text("SELECT FROM things WHERE name = :name FOR UPDATE")
        await session.execute(lock, {"name": one})
        if first:
            await both_hold_one.wait()
            first = False
        await session.execute(lock, {"name": other})
        return {}

    for name in ("a", "b"):
        await service.post("/api/names", json={"name": name})
    answers = await asyncio.gather(service.post("/api/swap/a/b"), service.post("/api/swap/b/a"))
    assert [answer.status_code for answer in answers] == [200, 200]


async def test_a_request_that_meets_it_twice_is_a_503(service: httpx.AsyncClient, app: FastAPI) -> None:
    tries = 0

    @app.post("/api/collide")
    async def collide(session: Session, body: Named) -> Any:
        nonlocal tries
        tries += 1
        await session.execute(text(RAISE))

    answer = await service.post("/api/collide", json={"name": "x"})
    assert (answer.status_code, answer.headers["retry-after"], tries) == (503, "1", 2)


RAISE = "DO $$ BEGIN RAISE EXCEPTION 'could not serialize' USING ERRCODE = '40001'; END $$"
