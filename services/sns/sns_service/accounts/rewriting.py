"""Changing all accounts' credentials, a few in each transaction, while the service runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, select, update

from shared.db.database import Database
from sns_service.accounts.models import Account

BATCH: Final = 500
Change = Callable[[int, str], Mapping[str, Any] | None]
"""Of an account's id and sealed credentials: the values to write, if any."""


async def rewrite(database: Database, change: Change, *conditions: ColumnElement[bool]) -> int:
    """Write what `change` says of each account that has credentials and fits; how many. May be done again."""
    after, count = 0, 0
    while True:
        async with database.session() as session:
            query = select(Account.id, Account.credentials).where(
                Account.id > after, Account.credentials.is_not(None), *conditions
            )
            rows = (await session.execute(query.order_by(Account.id).limit(BATCH).with_for_update())).all()
            if not rows:
                return count
            changed = [
                {"id": row.id, **values} for row in rows if (values := change(row.id, row.credentials))
            ]
            if changed:
                await session.execute(update(Account), changed)
        after, count = rows[-1].id, count + len(changed)
