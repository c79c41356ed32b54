"""Signing keys: replaced while everybody stays logged in."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from joserfc import jws
from sqlalchemy import func, select, update

from platform_service.keys import service
from platform_service.keys.commands import command
from platform_service.keys.errors import UnknownKey, WrongKeyStatus
from platform_service.keys.models import SigningKey
from services.platform.tests.factories import registered
from shared.encryption import Cipher, WrongEncryptionKey
from shared.runtime import Runtime
from shared.schemas.dates import utcnow
from testing.rollback import TestDatabase

LIVE = timedelta(minutes=15)


@pytest.fixture
def cipher(encryption_key: str) -> Cipher:
    return Cipher([encryption_key])


async def keys(runtime: Runtime, *words: str) -> int | None:
    parser = argparse.ArgumentParser()
    command.configure(parser)
    return await command.run(parser.parse_args(words), runtime)


async def statuses(db: Any) -> dict[str, str]:
    async with db.read(fresh=True) as connection:
        return {
            row.kid: row.status for row in await connection.execute(select(SigningKey.kid, SigningKey.status))
        }


def kid_of(token: str) -> str:
    return str(jws.extract_compact(token.encode()).headers()["kid"])


def read_again(client: httpx.AsyncClient) -> None:
    """As if the two seconds were over, after which a process reads the keys anew."""
    ring = client._transport.app.state.signing_ring  # type: ignore[attr-defined]
    ring._read_at = float("-inf")


async def published(client: httpx.AsyncClient) -> set[str]:
    read_again(client)
    answer = await client.get("/.well-known/jwks.json")
    assert answer.status_code == 200
    return {key["kid"] for key in answer.json()["keys"]}


async def test_the_key_set_holds_public_keys_alone(client: httpx.AsyncClient) -> None:
    (key,) = (await client.get("/.well-known/jwks.json")).json()["keys"]
    assert key.keys() == {"kty", "n", "e", "kid", "use", "alg"}
    assert (key["kty"], key["use"], key["alg"]) == ("RSA", "sig", "RS256")


async def test_private_keys_are_encrypted_in_the_database(
    client: httpx.AsyncClient, db: TestDatabase, cipher: Cipher
) -> None:
    async with db.read() as connection:
        stored = (await connection.scalars(select(SigningKey.private_key))).one()
    assert "PRIVATE" not in stored
    assert "PRIVATE KEY" in cipher.decrypt(stored)
    with pytest.raises(WrongEncryptionKey):
        Cipher(["x" * 43 + "="]).decrypt(stored)


async def test_a_rotation_logs_nobody_out(
    client: httpx.AsyncClient, runtime: Runtime, db: TestDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    before = await registered(client)
    old = kid_of(before["access_token"])
    assert await keys(runtime, "add") == 0
    (new,) = await published(client) - {old}
    assert new in capsys.readouterr().out
    assert kid_of((await registered(client))["access_token"]) == old, "a published key does not sign yet"

    assert await keys(runtime, "activate", new) == 0
    read_again(client)
    after = await registered(client)
    assert kid_of(after["access_token"]) == new
    for made in (before, after):
        assert (await client.get("/api/auth/me", headers=made["headers"])).status_code == 200
    renewed = await client.post("/api/auth/refresh", json={"refresh_token": before["refresh_token"]})
    assert kid_of(renewed.json()["access_token"]) == new
    assert await statuses(db) == {old: "retiring", new: "active"}
    assert await published(client) == {old, new}


async def test_a_key_leaves_when_its_last_token_is_over(
    client: httpx.AsyncClient, runtime: Runtime, db: TestDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    (old,) = await published(client)
    assert await keys(runtime, "rotate", "--wait", "0") == 0
    assert await keys(runtime, "retire", old) == 1
    assert "valid until" in capsys.readouterr().err
    async with db.session() as session:
        assert await service.retire_due(session) == []
    async with db.session() as session:
        retiring = update(SigningKey).where(SigningKey.kid == old)
        await session.execute(retiring.values(retire_after=utcnow() - timedelta(seconds=1)))
    async with db.session() as session:
        assert await service.retire_due(session) == [old]
    assert old not in await published(client)


async def test_a_compromised_key_goes_at_once(client: httpx.AsyncClient, runtime: Runtime) -> None:
    (old,) = await published(client)
    await keys(runtime, "rotate", "--wait", "0")
    assert await keys(runtime, "retire", old, "--compromised") == 0
    assert old not in await published(client)


async def test_a_step_that_does_not_fit_says_why(
    client: httpx.AsyncClient, runtime: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    (active,) = await published(client)
    for words in (["activate", "unknown"], ["activate", active], ["retire", active, "--compromised"]):
        assert await keys(runtime, *words) == 1
        assert words[0] in capsys.readouterr().err
    with pytest.raises(SystemExit):
        await keys(runtime, "rotate", "--wait", "never")
    assert "seconds" in capsys.readouterr().err


async def test_keys_are_listed_and_exported(
    client: httpx.AsyncClient, runtime: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    (kid,) = await published(client)
    await keys(runtime, "list")
    listed = capsys.readouterr().out
    assert kid in listed
    assert "active" in listed
    await keys(runtime, "export")
    exported = json.loads(capsys.readouterr().out)
    assert exported[kid].startswith("-----BEGIN PUBLIC KEY-----")


async def test_many_processes_that_start_at_once_make_one_key(committed_db: Any, cipher: Cipher) -> None:
    async def start() -> None:
        async with committed_db.session() as session:
            await service.ensure_active(session, cipher=cipher)

    await asyncio.gather(*[start() for _ in range(8)])
    async with committed_db.read(fresh=True) as connection:
        assert await connection.scalar(select(func.count()).select_from(SigningKey)) == 1


async def test_two_activations_at_once_leave_one_active_key(committed_db: Any, cipher: Cipher) -> None:
    async with committed_db.session() as session:
        await service.ensure_active(session, cipher=cipher)
        added = [(await service.add(session, cipher=cipher)).kid for _ in range(2)]

    async def activate(kid: str) -> None:
        async with committed_db.session() as session:
            await service.activate(session, kid=kid, tokens_over_after=LIVE)

    await asyncio.gather(*[activate(kid) for kid in added])
    assert sorted((await statuses(committed_db)).values()) == ["active", "retiring", "retiring"]


async def test_a_wrong_step_raises_what_it_is(db: TestDatabase, cipher: Cipher) -> None:
    async with db.session() as session:
        with pytest.raises(UnknownKey):
            await service.activate(session, kid="unknown", tokens_over_after=LIVE)
        await service.ensure_active(session, cipher=cipher)
        active = (await service.all_keys(session))[0]
        with pytest.raises(WrongKeyStatus):
            await service.retire(session, kid=active.kid)


def test_the_first_of_several_encryption_keys_encrypts_and_all_decrypt() -> None:
    from cryptography.fernet import Fernet

    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    stored = Cipher([old]).encrypt("secret")
    both = Cipher([new, old])
    assert both.decrypt(stored) == "secret"
    assert Cipher([new]).decrypt(both.encrypt("secret")) == "secret"


def test_a_new_pair_is_an_rsa_key_of_2048_bits() -> None:
    from shared.auth.keys import rsa_key

    make: Callable[[], tuple[str, str]] = service.new_pair
    private, public = make()
    assert rsa_key(private).is_private
    assert not rsa_key(public).is_private
