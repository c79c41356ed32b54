"""Instagram's tokens are renewed before they expire, though nobody publishes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from fakes.networks.client import Fakes
from services.sns.tests.accounts.access import account_of, change_account, kept, long_lived, when
from services.sns.tests.conftest import KEY
from services.sns.tests.factories import Person
from shared.db.database import Database
from shared.encryption import Cipher
from shared.runtime import Runtime
from shared.schemas.dates import utcnow
from sns_service.accounts.credentials import seal
from sns_service.accounts.keyring import Keyring, renew_due
from sns_service.networks.instagram.network import LONG_BEFORE
from sns_service.networks.registry import token_refreshers_with
from sns_service.networks.transport import connect

DAYS = timedelta(days=1)
HOUR = timedelta(hours=1)
pytestmark = pytest.mark.usefixtures("fakes")


@pytest.fixture
async def keyring(committed_runtime: Runtime) -> AsyncIterator[Keyring]:
    http = connect(timeout=2, at_a_time=5, guarded=False)
    settings = committed_runtime.settings
    yield Keyring(committed_runtime.database, settings, token_refreshers_with(http, settings))
    await http.aclose()


async def test_what_expires_within_days_is_renewed_and_the_rest_is_left_alone(
    author: Person, committed_db: Database, keyring: Keyring, fakes: Fakes
) -> None:
    await fakes.set(expires_in=60 * 86400)
    soon = await author.link("instagram", "soon", credentials=long_lived(expires=9 * DAYS))
    later = await author.link("instagram", "later", credentials=long_lived(expires=11 * DAYS))
    for _ in range(2):
        await renew_due(committed_db, keyring)
    assert await fakes.renewals() == ["old"]
    fresh = await kept(committed_db, soon)
    assert (fresh["access_token"] != "old", fresh["user_id"]) == (True, "u1")
    assert (await account_of(committed_db, soon)).renew_at == when(fresh) - LONG_BEFORE
    assert (await kept(committed_db, later))["access_token"] == "old"
    await author.patch(f"/accounts/{later}", {"credentials": long_lived(expires=1 * DAYS)})
    assert await renew_due(committed_db, keyring) == 1
    assert await fakes.renewals() == ["old", "old"]


async def test_what_fails_is_tried_next_time_unless_the_network_has_refused_it(
    author: Person, committed_db: Database, keyring: Keyring, fakes: Fakes
) -> None:
    account_id = await author.link("instagram", credentials=long_lived(expires=1 * DAYS))
    await fakes.fault("instagram", "status", path="/refresh_access_token", status=503)
    assert [await renew_due(committed_db, keyring) for _ in range(2)] == [1, 0]
    assert (await kept(committed_db, account_id))["access_token"] == "old"
    again = (await account_of(committed_db, account_id)).renew_at
    assert again is not None
    assert HOUR / 2 < again - utcnow() < HOUR
    await change_account(committed_db, account_id, renew_at=utcnow())
    await fakes.expire("old")
    assert [await renew_due(committed_db, keyring) for _ in range(2)] == [1, 0]
    assert "Link the account again" in (await kept(committed_db, account_id))["refused"]
    assert await fakes.renewals() == []


async def test_what_always_fails_does_not_keep_the_rest_from_its_turn(
    author: Person,
    committed_db: Database,
    keyring: Keyring,
    fakes: Fakes,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nor does what we have made a mistake about."""
    monkeypatch.setattr("sns_service.accounts.keyring.RENEWED_AT_ONCE", 2)
    await fakes.set(expires_in=60 * 86400)
    no_date = long_lived(expires=1 * DAYS) | {"expires_at": "soon"}
    wrong = [seal(Cipher([KEY]), no_date), "sealed by a key that is gone"]
    for number, sealed in enumerate(wrong):
        account_id = await author.link("instagram", f"wrong {number}")
        long_ago = utcnow() - 100 * DAYS
        await change_account(committed_db, account_id, credentials=sealed, renew_at=long_ago)
    await author.link("instagram", "right", credentials=long_lived(expires=1 * DAYS))
    assert [await renew_due(committed_db, keyring) for _ in range(3)] == [2, 1, 0]
    assert await fakes.renewals() == ["old"]
    assert [text for text in caplog.messages if text.endswith("renewing the access token failed")]


async def test_what_an_older_release_left_behind_is_forgotten(
    author: Person, committed_db: Database, keyring: Keyring, fakes: Fakes
) -> None:
    """It replaces and removes credentials, and knows nothing of when they are to be renewed."""
    past = utcnow() - DAYS
    replaced = await author.link("instagram", credentials={"access_token": "t", "user_id": "u"})
    removed = await author.link("instagram", "removed")
    for account_id in (replaced, removed):
        await change_account(committed_db, account_id, renew_at=past)
    assert [await renew_due(committed_db, keyring) for _ in range(2)] == [1, 0]
    assert await fakes.renewals() == []


async def test_credentials_that_are_taken_away_are_not_renewed(
    author: Person, committed_db: Database, keyring: Keyring
) -> None:
    one, two = [
        await author.link("instagram", name, credentials=long_lived(expires=1 * DAYS))
        for name in ("one", "two")
    ]
    await author.delete(f"/accounts/{one}")
    await author.patch(f"/accounts/{two}", {"credentials": None})
    for account_id in (one, two):
        assert (await account_of(committed_db, account_id)).renew_at is None
    assert await renew_due(committed_db, keyring) == 0
