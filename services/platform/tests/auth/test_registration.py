"""Making an account."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from sqlalchemy import func, select

from platform_service.tables import Outbox
from platform_service.users.models import User
from services.platform.tests.factories import PASSWORD, bearer, log_in, new_email, registered
from shared.db.database import Database
from testing.rollback import TestDatabase


async def test_who_registers_is_logged_in(client: httpx.AsyncClient) -> None:
    made = await registered(client, "Kim.Chulsoo@Example.com", name=" Kim ")
    user = made["user"]
    assert user.keys() == {"id", "email", "name", "role", "created_at"}
    assert (user["email"], user["name"], user["role"]) == ("Kim.Chulsoo@Example.com", "Kim", "user")
    assert user["created_at"].endswith("Z")
    me = await client.get("/api/auth/me", headers=made["headers"])
    assert me.json() == user
    assert made.keys() == {"access_token", "refresh_token", "user", "headers"}


async def test_an_address_is_registered_once_whatever_its_case(client: httpx.AsyncClient) -> None:
    await registered(client, "kim@example.com")
    again = await client.post(
        "/api/auth/register", json={"email": "KIM@Example.com", "password": PASSWORD, "name": "Kim"}
    )
    assert again.status_code == 409
    assert again.json()["code"] == "email_taken"
    assert again.json()["error"]
    assert (await log_in(client, "kIm@example.com")).status_code == 200


async def test_twenty_at_once_register_one_user(
    committed_client: httpx.AsyncClient, committed_db: Database
) -> None:
    body = {"password": PASSWORD, "name": "Kim"}
    spellings = [("kim" if n % 2 else "KIM") + "@example.com" for n in range(20)]
    answers = await asyncio.gather(
        *[committed_client.post("/api/auth/register", json={"email": email, **body}) for email in spellings]
    )
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [201] + [409] * 19
    async with committed_db.read(fresh=True) as connection:
        assert await connection.scalar(select(func.count()).select_from(User)) == 1
        assert await connection.scalar(select(func.count()).select_from(Outbox)) == 1


async def test_a_new_user_is_announced(client: httpx.AsyncClient, db: TestDatabase) -> None:
    made = await registered(client)
    async with db.read() as connection:
        row = (await connection.execute(select(Outbox.__table__))).mappings().one()
    assert row["type"] == "user.registered"
    assert PASSWORD not in str(dict(row))
    assert made["user"]["email"] in str(dict(row))


@pytest.mark.parametrize("missing", ["email", "password", "name"])
async def test_a_missing_field_is_named(client: httpx.AsyncClient, missing: str) -> None:
    body = {"email": new_email(), "password": PASSWORD, "name": "Kim"}
    del body[missing]
    answer = await client.post("/api/auth/register", json=body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [missing]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "no-address"),
        ("email", "a" * 250 + "@x.de"),
        ("email", "a\u0000b@example.com"),
        ("name", "   "),
        ("name", "x" * 121),
        ("name", 7),
        ("password", "short"),
        ("password", "password"),
        ("password", "x" * 129),
        ("password", "with\u0000nul-in-it"),
    ],
)
async def test_a_wrong_value_is_named(client: httpx.AsyncClient, field: str, value: object) -> None:
    body = {"email": new_email(), "password": PASSWORD, "name": "Kim", field: value}
    answer = await client.post("/api/auth/register", json=body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert "with" not in answer.json()["error"]


async def test_a_lone_surrogate_is_no_password(client: httpx.AsyncClient) -> None:
    body = f'{{"email": "{new_email()}", "password": "abcdefgh\\ud800", "name": "Kim"}}'
    answer = await client.post(
        "/api/auth/register", content=body, headers={"Content-Type": "application/json"}
    )
    assert 400 <= answer.status_code < 500


async def test_a_token_of_an_expired_kind_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/auth/me", headers=bearer("not.a.token"))
    assert answer.status_code == 401
