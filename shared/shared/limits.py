"""How many things of a kind one user may have: far more than anybody needs, so that no script fills a table."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.errors import Conflict


class LimitReached(Conflict):
    """You have as many of these as one may have."""


async def require_room(
    session: AsyncSession, rows: Select[Any], *, limit: int, what: str, coming: int = 1
) -> None:
    """Checks that `coming` more may be added to the user's `rows`; `what` names them, in the plural.

    Two requests at once may pass the limit together, by what they add: nothing depends on the exact number. Raises
    LimitReached.
    """
    counted = rows.limit(limit).order_by(None).subquery()
    count = await session.scalar(select(func.count()).select_from(counted)) or 0
    if count + coming > limit:
        more = "one more is" if coming == 1 else f"{coming} more are"
        message = f"You have {count} {what}, and {more} too many: one may have {limit}."
        raise LimitReached(message, limit=limit, count=count)
