"""New access while our database is away: it is waited for, and nothing that was spent is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from fakes.networks.client import Fakes
from services.sns.tests.accounts.access import (
    change_account,
    kept,
    keyring_of,
    used,
)
from shared.db.database import Database
from shared.runtime import Runtime
from sns_service.accounts.token_refresh import release
from sns_service.networks.errors import Unavailable
from testing import eventually

pytestmark = pytest.mark.usefixtures("fakes", "quick_polls")


async def test_new_access_waits_for_a_database_that_is_away(
    committed_db: Database,
    committed_runtime: Runtime,
    http: httpx.AsyncClient,
    account_id: int,
    fakes: Fakes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tries = []

    async def away_at_first(*given: Any) -> Mapping[str, str]:
        tries.append(given)
        if len(tries) < 3:
            raise ConnectionRefusedError
        return await release(*given)

    monkeypatch.setattr("sns_service.accounts.token_refresh.release", away_at_first)
    token = await used(committed_db, keyring_of(committed_runtime, http), account_id)
    assert (await kept(committed_db, account_id))["access_token"] == token
    assert (len(tries), await fakes.renewals()) == (3, ["r1"])


async def test_without_a_database_the_network_is_not_asked_and_the_post_was_not_sent(
    committed_db: Database,
    committed_runtime: Runtime,
    http: httpx.AsyncClient,
    account_id: int,
    fakes: Fakes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def away(*_: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("sns_service.accounts.token_refresh.take", away)
    with pytest.raises(Unavailable):
        await used(committed_db, keyring_of(committed_runtime, http), account_id)
    assert await fakes.requests("tiktok") == 0


async def test_what_was_spent_is_kept_however_long_the_database_is_away(
    committed_db: Database,
    committed_runtime: Runtime,
    http: httpx.AsyncClient,
    account_id: int,
    fakes: Fakes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Longer than anybody waits: the call is made all the same, and the refresh token is spent once."""
    is_away = True

    async def away(*given: Any) -> Mapping[str, str]:
        if is_away:
            raise ConnectionRefusedError
        return await release(*given)

    monkeypatch.setattr("sns_service.accounts.token_refresh.release", away)
    monkeypatch.setattr("sns_service.accounts.token_refresh.RETRY_SECONDS", 0)
    keyring = keyring_of(committed_runtime, http)
    token = await used(committed_db, keyring, account_id)
    await change_account(committed_db, account_id, renewing_until=None)  # the lease ran out
    again = asyncio.create_task(used(committed_db, keyring, account_id))
    is_away = False
    assert await again == token

    async def written() -> bool:
        return (await kept(committed_db, account_id))["access_token"] == token

    await eventually(written)
    assert await fakes.renewals() == ["r1"]
