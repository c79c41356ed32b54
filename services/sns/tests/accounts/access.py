"""Accounts whose access expires, for the tests of renewing it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx
from sqlalchemy import update

from services.sns.tests.conftest import KEY
from services.sns.tests.factories import TEMPLATE, Person
from shared.db.database import Database
from shared.encryption import Cipher
from shared.runtime import Runtime
from shared.schemas.dates import utcnow
from sns_service.accounts.credentials import unseal
from sns_service.accounts.keyring import Holder, Keyring
from sns_service.networks.registry import token_refreshers_with
from sns_service.schema import Account


def access(*, expires: timedelta | None = None, **more: str) -> dict[str, str]:
    """Credentials of TikTok and YouTube; `old` is good until a test lets it expire."""
    at = {} if expires is None else {"expires_at": (utcnow() + expires).isoformat()}
    return {"access_token": "old", "refresh_token": "r1", **at, **more}


def long_lived(*, expires: timedelta, **more: str) -> dict[str, str]:
    """Credentials of Instagram."""
    return {"access_token": "old", "user_id": "u1", "expires_at": (utcnow() + expires).isoformat(), **more}


async def account_of(database: Database, account_id: int) -> Account:
    async with database.session() as session:
        return await session.get_one(Account, account_id)


async def kept(database: Database, account_id: int, key: str = KEY) -> Mapping[str, str]:
    """The account's credentials, decrypted."""
    account = await account_of(database, account_id)
    assert account.credentials is not None
    return unseal(Cipher([key]), account.credentials)


async def change_account(database: Database, account_id: int, **values: Any) -> None:
    async with database.session() as session:
        await session.execute(update(Account).where(Account.id == account_id).values(**values))


async def order(author: Person, account_id: int, platform: str = "tiktok", content: str = "Hello") -> int:
    """A post on its way."""
    post_id = await author.write(account_id, content, TEMPLATE[platform])
    await author.publish(post_id)
    return post_id


def when(credentials: Mapping[str, str]) -> datetime:
    return datetime.fromisoformat(credentials["expires_at"])


async def used(database: Database, keyring: Keyring, account_id: int) -> str:
    """The token that a call is made with."""
    account = await account_of(database, account_id)

    async def call(credentials: Mapping[str, str]) -> str:
        return credentials["access_token"]

    return await keyring.use(Holder(account_id, account.platform, account.credentials), call)


def keyring_of(runtime: Runtime, http: httpx.AsyncClient) -> Keyring:
    """That of one worker."""
    return Keyring(runtime.database, runtime.settings, token_refreshers_with(http, runtime.settings))
