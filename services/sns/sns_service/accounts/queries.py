"""What users read of their accounts: rows by the bare driver, from the primary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shared.db.database import Database
from shared.schemas.keyset import split_page
from shared.schemas.types import MAX_ID
from sns_service.accounts.errors import AccountNotFound
from sns_service.accounts.models import AS_LINKED

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
