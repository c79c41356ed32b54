"""Endpoints whose work is done once: shared.idempotency.idempotent, and shared.web.answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.responses import Response
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.orm import DeclarativeBase

from shared.auth.dependencies import CurrentUser
from shared.auth.tokens import Principal
from shared.db.base import metadata
from shared.db.database import Database
from shared.errors import ServiceError
from shared.idempotency import IdempotencyMixin
from shared.idempotency.idempotent import IdempotentWork, idempotency_of
from shared.schemas.json import dumps
from shared.schemas.money import DecimalNumber
from shared.schemas.types import Request
from shared.web.answers import ModelAnswer
from shared.web.deps import Session
from shared.web.failures import answer_to
from shared.web.routes import add_routes


class Base(DeclarativeBase):
    metadata = metadata()


class Key(IdempotencyMixin, Base):
    pass


class NewThing(Request):
    name: str


class Thing(BaseModel):
    count: int
    price: DecimalNumber
    old_price: DecimalNumber | None
    day: date
    at: datetime
    tags: list[str]


Idempotent = Annotated[IdempotentWork, Depends(idempotency_of(Key))]
AT = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
VALUES: dict[str, Any] = {
    "count": 1,
    "price": Decimal("150.00"),
    "old_price": None,
    "day": AT.date(),
    "at": AT,
    "tags": ["a"],
}
router = APIRouter(prefix="/api")


@router.post("/things", status_code=201, response_model=Thing)
async def add_thing(session: Session, idempotent: Idempotent, user: CurrentUser, body: NewThing) -> Response:
    """Counts."""

    async def work() -> Thing:
        await session.execute(text("INSERT INTO things (name) VALUES (gen_random_uuid()::text)"))
        count = (await session.execute(text("SELECT count(*) FROM things"))).scalar_one()
        return Thing(**{**VALUES, "count": count})

    return await idempotent(operation="things", request=body, work=work)


@router.post("/open", status_code=201, response_model=Thing)
async def forgets_its_guard(session: Session, idempotent: Idempotent) -> Response:
    """A mistake."""

    async def work() -> Thing:
        raise NotImplementedError

    return await idempotent(operation="open", request={}, work=work)


@router.get("/things", response_model=Thing)
async def get_thing() -> Response:
    """Answers without a status of its own."""
    return ModelAnswer(Thing(**VALUES))


@router.put("/things", status_code=202, response_model=Thing)
async def put_thing() -> Response:
    """Answers with a status and headers."""
    return ModelAnswer(Thing(**VALUES), headers={"x-more": "1"})


class Verifier:
    async def verify(self, token: str) -> Principal:
        return Principal(user_id=int(token), session_id="s", role="user", expires_at=0)


@pytest.fixture
def app(committed_db: Database) -> FastAPI:
    app = FastAPI()
    add_routes(app, [router])
    app.state.runtime = SimpleNamespace(database=committed_db, verifier=Verifier())

    async def handle(_request: Any, error: Exception) -> Response:
        return answer_to(error)

    app.add_exception_handler(ServiceError, handle)
    return app


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://sample.test") as client:
        yield client


async def add(
    http: httpx.AsyncClient, *, key: str | None = "k", user: int = 1, name: str = "a"
) -> httpx.Response:
    headers = {"Authorization": f"Bearer {user}", **({"Idempotency-Key": key} if key else {})}
    return await http.post("/api/things", json={"name": name}, headers=headers)


async def test_the_same_request_is_done_once_and_has_the_same_answer_twice(http: httpx.AsyncClient) -> None:
    first, again = await add(http), await add(http)
    assert first.status_code == again.status_code == 201
    assert first.content == again.content == dumps(VALUES)


async def test_another_user_or_none_of_the_keys_is_another_request(http: httpx.AsyncClient) -> None:
    counts = [
        (await add(http, key=key, user=user)).json()["count"] for key, user in (("k", 1), ("k", 2), (None, 1))
    ]
    assert counts == [1, 2, 3]


async def test_another_body_under_the_same_key_is_refused(http: httpx.AsyncClient) -> None:
    await add(http)
    assert (await add(http, name="b")).status_code == 422


async def test_a_key_that_is_none_is_refused(http: httpx.AsyncClient) -> None:
    assert (await add(http, key="k" * 256)).status_code == 400


async def test_an_endpoint_without_a_guard_has_no_caller(http: httpx.AsyncClient) -> None:
    with pytest.raises(KeyError, match="caller"):
        await http.post("/api/open")


async def test_an_answer_is_its_schema_with_the_status_of_its_route(http: httpx.AsyncClient) -> None:
    read, put = await http.get("/api/things"), await http.put("/api/things")
    assert (read.status_code, put.status_code) == (200, 202)
    assert read.content == put.content == dumps(VALUES)
    assert put.headers["x-more"] == "1"
    assert int(read.headers["content-length"]) == len(read.content)


def test_the_documentation_says_number_and_names_the_header(app: FastAPI) -> None:
    document = app.openapi()
    thing = document["components"]["schemas"]["Thing"]["properties"]
    assert thing["price"] == {"type": "number", "title": "Price"}
    assert thing["old_price"] == {"anyOf": [{"type": "number"}, {"type": "null"}], "title": "Old Price"}
    (header,) = document["paths"]["/api/things"]["post"]["parameters"]
    assert (header["in"], header["name"], header["required"]) == ("header", "Idempotency-Key", False)
