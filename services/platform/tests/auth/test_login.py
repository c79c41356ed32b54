"""Logging in."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis
from sqlalchemy import select, update
from werkzeug.security import generate_password_hash

from platform_service.auth import passwords
from platform_service.auth.errors import HashingBusy, TooManyGuesses
from platform_service.auth.login_throttle import LoginThrottle
from platform_service.users.models import User
from services.platform.tests.factories import PASSWORD, log_in, make_user, new_email, registered
from shared.redis_clients import connect_redis
from testing import eventually
from testing.rollback import TestDatabase


async def test_who_knows_the_password_gets_tokens(client: httpx.AsyncClient) -> None:
    made = await registered(client)
    answer = await log_in(client, made["user"]["email"])
    assert answer.status_code == 200
    content = answer.json()
    assert content.keys() == {"access_token", "refresh_token", "user"}
    assert content["user"] == made["user"]
    assert content["refresh_token"] != made["refresh_token"]
    assert answer.headers["cache-control"] == "no-store"


async def test_a_wrong_password_and_an_unknown_address_are_told_alike(client: httpx.AsyncClient) -> None:
    made = await registered(client)
    wrong = await log_in(client, made["user"]["email"], "not the password")
    unknown = await log_in(client, new_email(), "not the password")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json()["code"] == unknown.json()["code"] == "wrong_credentials"
    assert wrong.json()["error"] == unknown.json()["error"]


async def test_an_unknown_address_is_hashed_for_too(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from platform_service.auth.passwords import Passwords

    verified: list[str] = []
    original = Passwords._matches

    def recording(self: Passwords, password: str, known_hash: str) -> bool:
        verified.append(known_hash)
        return original(self, password, known_hash)

    monkeypatch.setattr(Passwords, "_matches", recording)
    await log_in(client, new_email())
    assert len(verified) == 1
    assert verified[0].startswith("$argon2id$")


async def test_a_deactivated_account_is_403_for_who_knows_its_password(
    client: httpx.AsyncClient, db: TestDatabase
) -> None:
    made = await registered(client)
    async with db.session() as session:
        await session.execute(update(User).where(User.id == made["user"]["id"]).values(is_active=False))
    email = made["user"]["email"]
    assert (await log_in(client, email)).status_code == 403
    assert (await log_in(client, email, "not the password")).status_code == 401
    assert (await client.get("/api/auth/me", headers=made["headers"])).status_code == 403


@pytest.mark.parametrize("method", ["scrypt:32768:8:1", "pbkdf2:sha256:1000"])
async def test_the_monoliths_hashes_work_and_are_upgraded_at_login(
    client: httpx.AsyncClient, db: TestDatabase, method: str
) -> None:
    old_hash = generate_password_hash("monolith password", method=method)
    email = new_email()
    user_id = await make_user(db, email=email, password_hash=old_hash)
    assert (await log_in(client, email, "another password")).status_code == 401
    assert await _hash_of(db, user_id) == old_hash
    assert (await log_in(client, email, "monolith password")).status_code == 200
    new_hash = await _hash_of(db, user_id)
    assert new_hash.startswith("$argon2id$")
    assert (await log_in(client, email, "monolith password")).status_code == 200
    assert await _hash_of(db, user_id) == new_hash


async def test_a_password_of_before_the_rules_still_works(
    client: httpx.AsyncClient, db: TestDatabase
) -> None:
    email = new_email()
    await make_user(db, email=email, password_hash=generate_password_hash("123", method="pbkdf2:sha256:1000"))
    assert (await log_in(client, email, "123")).status_code == 200


async def test_a_hash_that_is_none_lets_nobody_in(client: httpx.AsyncClient, db: TestDatabase) -> None:
    for stored in ("!", "", "nonsense", "$argon2id$broken", "scrypt:broken"):
        email = new_email()
        await make_user(db, email=email, password_hash=stored)
        assert (await log_in(client, email, stored or "x")).status_code == 401


async def test_guessing_is_slowed_per_account_and_forgotten_at_success(
    client_for: Any, definition: Any, db: TestDatabase
) -> None:
    async with client_for(definition, db, free_guesses=2, longest_guess_delay_seconds=0.3) as client:
        made = await registered(client)
        email = made["user"]["email"]
        for _ in range(2):
            assert (await log_in(client, email, "a wrong guess")).status_code == 401
        slowed = await log_in(client, email.upper())
        assert slowed.status_code == 429
        assert int(slowed.headers["Retry-After"]) >= 1
        assert slowed.json()["code"] == "too_many_guesses"
        assert (await log_in(client, new_email(), "a wrong guess")).status_code == 401

        from testing import eventually

        async def let_in() -> bool:
            return (await log_in(client, email)).status_code == 200

        await eventually(let_in)
        for _ in range(2):
            assert (await log_in(client, email, "a wrong guess")).status_code == 401


async def test_a_burst_of_guesses_does_not_slip_through(
    client_for: Any, definition: Any, committed_db: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "LONGEST_WAIT", 60.0)
    async with client_for(definition, committed_db, free_guesses=3) as client:
        email = (await registered(client))["user"]["email"]
        answers = await asyncio.gather(*[log_in(client, email, f"guess number {n}") for n in range(60)])
        looked_at = sum(answer.status_code == 401 for answer in answers)
        assert looked_at <= 3 + 20
        assert all(answer.status_code in {401, 429} for answer in answers)
        assert (await log_in(client, email)).status_code == 429


async def test_a_full_queue_of_hashes_is_503_and_says_when_to_come_back(
    client_for: Any, definition: Any, committed_db: Any
) -> None:
    slow = {"hash_threads": 1, "hash_queue": 1, "hash_time_cost": 40, "hash_memory_kib": 8192}
    async with client_for(definition, committed_db, **slow) as client:
        answers = await asyncio.gather(*[log_in(client, new_email()) for _ in range(8)])
        busy = [answer for answer in answers if answer.status_code == 503]
        assert busy
        assert busy[0].headers["Retry-After"]
        assert busy[0].json()["code"] == "hashing_busy"
        assert any(answer.status_code == 401 for answer in answers)
        assert (await log_in(client, new_email())).status_code == 401


async def test_without_redis_nobody_logs_in_and_who_is_logged_in_stays(client: httpx.AsyncClient) -> None:
    made = await registered(client)
    throttle = client._transport.app.state.login_throttle  # type: ignore[attr-defined]
    nowhere = connect_redis("redis://127.0.0.1:1")
    for script in (throttle._begin, throttle._finish):
        script.registered_client = nowhere
    started = time.monotonic()
    answer = await log_in(client, made["user"]["email"])
    assert answer.status_code == 503
    assert answer.json()["error"]
    assert time.monotonic() - started < 2
    wrong = await log_in(client, made["user"]["email"], "not the password")
    assert wrong.status_code == 503, "a guess that nobody counts would be free"
    assert (await client.get("/api/auth/me", headers=made["headers"])).status_code == 200
    await nowhere.aclose()


async def test_no_connection_is_held_while_a_hash_is_computed(
    client_for: Any, definition: Any, committed_db: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from platform_service.auth.passwords import Passwords

    in_use: list[int] = []
    original = Passwords._run

    async def recording(self: Passwords, work: Any) -> Any:
        in_use.append(committed_db.primary.pool.checkedout())
        return await original(self, work)

    monkeypatch.setattr(Passwords, "_run", recording)
    async with client_for(definition, committed_db) as client:
        made = await registered(client)
        await log_in(client, made["user"]["email"])
        body = {"current_password": PASSWORD, "new_password": "another password"}
        changed = await client.post("/api/auth/password", json=body, headers=made["headers"])
        assert changed.status_code == 200, changed.text
    assert in_use == [0] * 4


async def _hash_of(db: TestDatabase, user_id: int) -> str:
    async with db.read() as connection:
        found: str | None = await connection.scalar(select(User.password_hash).where(User.id == user_id))
    assert found is not None
    return found


async def test_a_guess_that_nobody_looked_at_makes_nobody_wait(redis_client: Redis) -> None:
    """As when too many log in at once: what was not answered is not used."""
    failing = LoginThrottle(redis_client, free=1, longest_seconds=0.01)
    later = LoginThrottle(redis_client, free=1, longest_seconds=900)

    async def wrong() -> bool:
        return False

    async def busy() -> bool:
        raise HashingBusy

    async def right() -> bool:
        return True

    async def refused_for_being_busy() -> bool:
        try:
            await later.check("kim@example.com", busy)
        except HashingBusy:
            return True
        except TooManyGuesses:
            return False
        raise AssertionError("it is always busy")

    assert not await failing.check("kim@example.com", wrong)
    await eventually(refused_for_being_busy)
    assert await later.check("kim@example.com", right)
