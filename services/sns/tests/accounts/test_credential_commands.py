"""After the client id was another app's: each user seemed to have withdrawn access."""

from __future__ import annotations

import argparse
from datetime import timedelta

import pytest

from services.sns.tests.accounts.access import access, account_of, kept, long_lived
from services.sns.tests.conftest import KEY
from services.sns.tests.factories import make_account
from shared.encryption import Cipher
from shared.runtime import Runtime
from shared.schemas.dates import utcnow
from sns_service.accounts.credential_commands import refusals_command
from sns_service.accounts.credentials import seal
from sns_service.accounts.token_refresh import REFUSED
from testing.rollback import TestDatabase


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
