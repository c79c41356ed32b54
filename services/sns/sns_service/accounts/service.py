"""What a user changes about an account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db.constraints import translate
from shared.encryption import Cipher
from sns_service.accounts.credentials import check, seal
from sns_service.accounts.errors import AccountExists, AccountNotFound
from sns_service.accounts.models import ONE_OF_A_NAME, Account
from sns_service.accounts.token_refresh import renew_at


async def change(
    session: AsyncSession, *, cipher: Cipher, account_id: int, user_id: int, changes: Mapping[str, Any]
) -> Account:
    """Rename, switch on or off, or replace the credentials; null takes them away.

    Raises AccountNotFound (404), AccountExists (409) or WrongCredentials (422).
    """
    account = await own(session, account_id=account_id, user_id=user_id, lock=True)
    values = dict(changes)
    if "credentials" in values:
        give_credentials(account, cipher, values.pop("credentials"))
        account.paused_until = None
    for name, value in values.items():
        setattr(account, name, value)
    with translate({ONE_OF_A_NAME: AccountExists}):
        await session.flush()
    return account


def give_credentials(account: Account, cipher: Cipher, given: Mapping[str, str] | None) -> None:
    """Keep them encrypted, in place of the ones before; None takes those away. Raises WrongCredentials (422)."""
    checked = None if given is None else check(account.platform, given)
    account.credentials = None if checked is None else seal(cipher, checked)
    account.renew_at = None if checked is None else renew_at(account.platform, checked)


async def own(session: AsyncSession, *, account_id: int, user_id: int, lock: bool = False) -> Account:
    """The user's account. Raises AccountNotFound (404)."""
    query = select(Account).where(
        Account.id == account_id, Account.user_id == user_id, Account.deleted_at.is_(None)
    )
    account = await session.scalar(query.with_for_update() if lock else query)
    if account is None:
        raise AccountNotFound
    return account
