"""What users read and change of their accounts. Reads are rows by the bare driver, from the primary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db.constraints import translate
from shared.db.database import Database
from shared.encryption import Cipher
from shared.schemas.keyset import split_page
from shared.schemas.types import MAX_ID
from sns_service.accounts.credentials import check, renew_at, seal
from sns_service.accounts.errors import AccountExists, AccountNotFound
from sns_service.accounts.models import AS_LINKED, ONE_OF_A_NAME, Account

FIELDS = f"""
    a.id, {AS_LINKED} AS platform, a.account_name, a.is_active, a.credentials IS NOT NULL AS has_credentials,
    CASE WHEN a.paused_until > now() THEN a.paused_until END AS paused_until,
    (SELECT count(*) FROM posts AS p WHERE p.account_id = a.id) AS post_count, a.created_at
"""  # noqa: S608 - of constants
OF_USER = f"""
    SELECT {FIELDS} FROM accounts AS a
    WHERE a.user_id = $1 AND a.deleted_at IS NULL AND a.id < $2 ORDER BY a.id DESC LIMIT $3
"""  # noqa: S608 - of constants
ONE = f"""
    SELECT {FIELDS} FROM accounts AS a WHERE a.user_id = $1 AND a.deleted_at IS NULL AND a.id = $2
"""  # noqa: S608 - of constants


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


async def of_user(
    database: Database, *, user_id: int, limit: int, before: int | None
) -> tuple[Sequence[dict[str, Any]], int | None]:
    """A user's accounts, newest first, and the id after which the next page starts."""
    found = await database.fetch(OF_USER, user_id, MAX_ID if before is None else before, limit + 1)
    rows, last = split_page([dict(row) for row in found], limit)
    return rows, last["id"] if last else None


async def one(database: Database, *, user_id: int, account_id: int) -> dict[str, Any]:
    """A user's account. Raises AccountNotFound (404)."""
    async with database.read_raw() as connection:
        row = await connection.fetchrow(ONE, user_id, account_id)
    if row is None:
        raise AccountNotFound
    return dict(row)
