"""After the client id was another app's: each user seemed to have withdrawn access."""

from __future__ import annotations

import argparse
from argparse import Namespace
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select

from services.sns.tests.accounts.access import access, account_of, change_account, kept, long_lived
from services.sns.tests.conftest import KEY
from services.sns.tests.factories import Person, make_account
from shared.db.database import Database
from shared.encryption import Cipher
from shared.runtime import Runtime
from shared.schemas.dates import utcnow
from shared.service import ServiceDefinition
from sns_service.accounts.credential_commands import refusals_command, rotate_command
from sns_service.accounts.credentials import REFUSED, seal, unseal
from sns_service.schema import Account
from testing.rollback import TestDatabase
from testing.service_fixtures import RuntimeFactory

SECRET = "xyzz plugh abcd efgh"
BLOG = {"username": "kim", "application_password": SECRET, "site_url": "https://kim.example"}


async def test_refusals_of_a_network_are_forgotten_and_nothing_else(
    runtime: Runtime, db: TestDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    cipher = Cipher([KEY])
    refused = await make_account(
        db, "tiktok", account_name="refused", credentials=seal(cipher, {**access(), REFUSED: "no"})
    )
    other = await make_account(db, "youtube_shorts", credentials=seal(cipher, {**access(), REFUSED: "no"}))
    well = await make_account(db, "tiktok", account_name="well", credentials=seal(cipher, access()))
    await make_account(db, "tiktok", account_name="bare")
    await make_account(db, "tiktok", account_name="unreadable", credentials="of a lost key")
    assert await run(runtime, "tiktok") is None
    assert capsys.readouterr().out == "1 accounts of tiktok may renew their access tokens again.\n"
    assert await kept(db, refused) == await kept(db, well) == access()
    assert REFUSED in await kept(db, other)


async def test_what_is_renewed_by_the_clock_is_again(runtime: Runtime, db: TestDatabase) -> None:
    credentials = {**long_lived(expires=timedelta(days=30)), REFUSED: "no"}
    account_id = await make_account(db, "instagram", credentials=seal(Cipher([KEY]), credentials))
    await run(runtime, "instagram")
    renewal = (await account_of(db, account_id)).renew_at
    assert renewal is not None
    assert renewal > utcnow() + timedelta(days=15)


async def run(runtime: Runtime, *words: str) -> int | None:
    parser = argparse.ArgumentParser()
    refusals_command.configure(parser)
    return await refusals_command.run(parser.parse_args(words), runtime)


async def test_new_keys_take_over_and_the_old_one_can_go(
    author: Person,
    committed_db: Database,
    runtime_for: RuntimeFactory,
    definition: ServiceDefinition,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("one", "two"):
        await author.link(name=name, credentials=BLOG)
    await author.link(name="three")
    fresh = Fernet.generate_key().decode()
    async with runtime_for(definition, committed_db, credential_keys=f"{fresh},{KEY}") as runtime:
        assert await rotate_command.run(Namespace(), runtime) == 0
        assert "2 accounts" in capsys.readouterr().out
    async with committed_db.session() as session:
        sealed = list(
            await session.scalars(select(Account.credentials).where(Account.credentials.is_not(None)))
        )
    assert [unseal(Cipher([fresh]), one) for one in sealed if one is not None] == [BLOG, BLOG]


async def test_what_no_key_opens_is_named_and_keeps_nothing_else_from_new_keys(
    author: Person,
    committed_db: Database,
    runtime_for: RuntimeFactory,
    definition: ServiceDefinition,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sns_service.accounts.credential_commands.BATCH", 2)
    lost = [await author.link(name=f"lost {number}", credentials=BLOG) for number in range(3)]
    foreign = seal(Cipher([Fernet.generate_key().decode()]), BLOG)
    for account_id in lost:
        await change_account(committed_db, account_id, credentials=foreign)
    kept_id = await author.link(name="kept", credentials=BLOG)
    fresh = Fernet.generate_key().decode()
    async with runtime_for(definition, committed_db, credential_keys=f"{fresh},{KEY}") as runtime:
        assert await rotate_command.run(Namespace(), runtime) == 1
    said = capsys.readouterr()
    assert "1 accounts" in said.out
    assert (
        f"3 accounts' credentials cannot be decrypted with any of CREDENTIAL_KEYS: {', '.join(map(str, lost))}"
        in said.err
    )
    assert "Append the key" in said.err
    assert await kept(committed_db, kept_id, fresh) == BLOG
    assert (await account_of(committed_db, lost[0])).credentials == foreign
