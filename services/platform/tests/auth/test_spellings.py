"""What looks the same is the same: addresses and passwords from devices that send other code points."""

from __future__ import annotations

import unicodedata
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from sqlalchemy import select, text, update

from platform_service.users.models import User
from services.platform.tests.factories import PASSWORD, bearer, log_in, make_user, new_email, registered
from testing.rollback import TestDatabase

KOREAN = "나의비밀번호는 Café 입니다"
OLD_HASHES = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


def decomposed(value: str) -> str:
    return unicodedata.normalize("NFD", value)


async def register(client: httpx.AsyncClient, email: str, **fields: str) -> httpx.Response:
    return await client.post(
        "/api/auth/register", json={"email": email, "password": PASSWORD, "name": "Kim", **fields}
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("josé@example.com", decomposed("josé@example.com")),
        (decomposed("김철수@example.com"), "김철수@example.com"),
        ("ilker@example.com", "İLKER@example.com"),
        ("ilker@example.com", "I\u0307LKER@example.com"),
        ("kim@bücher.de", "kim@xn--bcher-kva.de"),
        ("kim@example.com", "ｋｉｍ@example.com"),
    ],
)
async def test_an_address_is_registered_once_however_it_is_spelled(
    client: httpx.AsyncClient, first: str, second: str
) -> None:
    made = await register(client, first)
    assert made.status_code == 201
    again = await register(client, second)
    assert (again.status_code, again.json().get("code")) == (409, "email_taken")
    for spelling in (first, second):
        assert (await log_in(client, spelling)).json()["user"] == made.json()["user"]


@pytest.mark.parametrize(
    "spelling", ["İLKER@example.com", "i\u0307lker@example.com", decomposed("İlker@EXAMPLE.com")]
)
async def test_every_spelling_of_an_address_shares_its_counter_of_failed_logins(
    client_for: Any, definition: Any, db: TestDatabase, spelling: str
) -> None:
    async with client_for(definition, db, free_guesses=2, longest_guess_delay_seconds=60) as client:
        assert (await register(client, "ilker@example.com")).status_code == 201
        for _ in range(2):
            assert (await log_in(client, "ilker@example.com", "a wrong guess")).status_code == 401
        assert (await log_in(client, spelling, "a wrong guess")).status_code == 429
        assert (await log_in(client, spelling)).status_code == 429


async def test_an_address_has_nothing_that_nobody_sees(client: httpx.AsyncClient) -> None:
    for address in (
        *("ki\u200bm@example.com", "kim\u3164@example.com", "kim@exam\u00adple.com"),
        *("ki\u200dm@example.com", "kim\ufe0f@example.com", "kim@exam\u200cple.com", "\u034fkim@example.com"),
    ):
        answer = await register(client, address)
        assert answer.status_code == 422
        assert [error["field"] for error in answer.json()["errors"]] == ["email"]


@pytest.mark.parametrize(
    "name",
    ["\u3164", "\u200b", "\u200b \u2060", "\u115f", "\u2800", "\ufeff", "Kim\u202egnahc", "\u0301", "\ue000"],
)
async def test_a_name_can_be_seen(client: httpx.AsyncClient, name: str) -> None:
    answer = await register(client, new_email(), name=name)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["name"]


async def test_a_password_is_the_same_on_every_device(client: httpx.AsyncClient) -> None:
    email = new_email()
    assert (await register(client, email, password=decomposed(KOREAN))).status_code == 201
    for typed in (KOREAN, decomposed(KOREAN), KOREAN.replace(" ", "\u00a0")):
        assert (await log_in(client, email, typed)).status_code == 200
    assert (await log_in(client, email, KOREAN.lower())).status_code == 401


async def test_a_password_is_changed_and_an_account_deleted_from_another_device(
    client: httpx.AsyncClient,
) -> None:
    made = await registered(client, password=decomposed(KOREAN))
    email = made["user"]["email"]
    body = {"current_password": KOREAN, "new_password": decomposed("또 다른 비밀번호")}
    changed = await client.post("/api/auth/password", json=body, headers=made["headers"])
    assert changed.status_code == 200
    assert (await log_in(client, email, "또 다른 비밀번호")).status_code == 200
    headers = bearer(changed.json()["access_token"])
    deleted = await client.request(
        "DELETE", "/api/auth/me", json={"password": "또\u3000다른\u3000비밀번호"}, headers=headers
    )
    assert deleted.status_code == 200


@pytest.mark.parametrize("password", [decomposed(KOREAN), "from\u00a0before", "tab\tbed 42"])
async def test_a_hash_of_what_a_device_sent_works_there_and_is_replaced(
    client: httpx.AsyncClient, db: TestDatabase, password: str
) -> None:
    email = new_email()
    old = OLD_HASHES.hash(password)
    user_id = await make_user(db, email=email, password_hash=old)
    assert (await log_in(client, email, password + "x")).status_code == 401
    assert (await log_in(client, email, password)).status_code == 200
    assert (await log_in(client, email, unicodedata.normalize("NFKC", password))).status_code == 200
    assert (await log_in(client, email, password)).status_code == 200
    async with db.read() as connection:
        new = await connection.scalar(select(User.password_hash).where(User.id == user_id))
    assert (new == old) is password.isascii()


async def test_the_raw_form_is_hashed_only_where_it_differs(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from platform_service.auth.passwords import Passwords

    tried: list[str] = []
    original = Passwords._matches

    def recording(self: Passwords, password: str, known_hash: str) -> bool:
        tried.append(password)
        return original(self, password, known_hash)

    monkeypatch.setattr(Passwords, "_matches", recording)
    made = await registered(client)
    for email in (made["user"]["email"], new_email()):
        for guess, times in (("a wrong guess", 1), (KOREAN, 1), (decomposed(KOREAN), 2)):
            tried.clear()
            assert (await log_in(client, email, guess)).status_code == 401
            assert len(tried) == times


async def test_accounts_of_one_address_from_before_are_told_apart_by_spelling_and_password(
    client: httpx.AsyncClient, db: TestDatabase
) -> None:
    address = "josé@example.com"
    first = await make_user(db, email=address, password_hash=OLD_HASHES.hash("the first's password"))
    second = await make_user(
        db, email=decomposed(address), email_twin=1, password_hash=OLD_HASHES.hash("the second's password")
    )
    assert (await log_in(client, address, "the first's password")).json()["user"]["id"] == first
    assert (await log_in(client, address, "the second's password")).json()["user"]["id"] == second
    same = update(User).where(User.id == second).values(password_hash=OLD_HASHES.hash("the first's password"))
    async with db.session() as session:
        await session.execute(same)
    for spelling, expected in ((address, first), (decomposed(address), second)):
        assert (await log_in(client, spelling, "the first's password")).json()["user"]["id"] == expected
    assert (await register(client, address)).status_code == 409


async def test_who_is_left_of_two_with_one_address_has_it_alone(
    client: httpx.AsyncClient, db: TestDatabase
) -> None:
    made = await registered(client, "josé@example.com")
    other = await make_user(db, email=decomposed("josé@example.com"), email_twin=1)
    body = {"password": PASSWORD}
    assert (
        await client.request("DELETE", "/api/auth/me", json=body, headers=made["headers"])
    ).status_code == 200
    assert (await register(client, "josé@example.com")).status_code == 409
    async with db.read() as connection:
        assert await connection.scalar(select(User.email_twin).where(User.id == other)) == 0


async def test_deletion_never_depends_on_what_others_registered(
    client: httpx.AsyncClient, db: TestDatabase
) -> None:
    made = await registered(client)
    user_id = made["user"]["id"]
    reserved = [f"deleted-{user_id}@deleted.invalid", f"DELETED-{user_id}@deleted.INVALID"]
    for address in reserved:
        assert (await register(client, address)).status_code == 422
    await make_user(db, email=reserved[0])  # taken when it could be
    body = {"password": PASSWORD}
    answer = await client.request("DELETE", "/api/auth/me", json=body, headers=made["headers"])
    assert answer.status_code == 200, answer.text
    async with db.read() as connection:
        left = await connection.scalar(text("SELECT email FROM users WHERE id = :id"), {"id": user_id})
    assert "@" not in str(left)
    assert (await register(client, str(left))).status_code == 422


async def test_an_administrator_finds_users_however_they_are_typed(
    client: httpx.AsyncClient, db: TestDatabase
) -> None:
    admin = await registered(client)
    async with db.session() as session:
        await session.execute(update(User).where(User.id == admin["user"]["id"]).values(role="admin"))
    headers = bearer((await log_in(client, admin["user"]["email"])).json()["access_token"])
    found = (await registered(client, "ilker.josé@example.com", name=decomposed("김철수")))["user"]["id"]
    for q in ("İLKER.JOSÉ", decomposed("josé@"), decomposed("철수"), "철수", "i\u0307lker.josé@example.com"):
        page = await client.get("/api/platform/admin/users", params={"q": q}, headers=headers)
        assert [user["id"] for user in page.json()["users"]] == [found], q
