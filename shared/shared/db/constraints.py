"""Constraints of the database, whose violations get the service's names, and limits on a user's rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.errors import Conflict

LOCK_NOT_AVAILABLE = "55P03"


def sqlstate(error: DBAPIError) -> str | None:
    """PostgreSQL's code of the error; None where the connection failed rather than the statement."""
    code = getattr(error.orig, "sqlstate", None)
    return code if isinstance(code, str) else None


def lock_not_available(error: DBAPIError) -> bool:
    """Whether a statement waited for another transaction for longer than the lock timeout."""
    return sqlstate(error) == LOCK_NOT_AVAILABLE


def violated(error: IntegrityError) -> str | None:
    """The violated constraint's name, e.g. "uq_users_email"; None where PostgreSQL names none (NOT NULL)."""
    # SQLAlchemy wraps its own wrapper of the driver's exception, which is the one that knows.
    driver_error = getattr(error.orig, "__cause__", None)
    name = getattr(driver_error, "constraint_name", None)
    return name if isinstance(name, str) else None


@contextmanager
def translate(errors: Mapping[str, Callable[[], Exception]]) -> Iterator[None]:
    """Raises what `errors` names for a constraint's violation; an unknown violation passes through.

    Use it around `await session.flush()`; the transaction is over after a violation, unless there was a savepoint
    inside.
    """
    try:
        yield
    except IntegrityError as error:
        known = errors.get(violated(error) or "")
        if known is None:
            raise
        raise known() from error


class LimitReached(Conflict):
    """You have reached the maximum number of these."""


async def check_row_limit(
    session: AsyncSession, rows: Select[Any], *, limit: int, what: str, coming: int = 1
) -> None:
    """Checks that `coming` more may be added to the user's `rows`; `what` names them, in the plural.

    Two simultaneous requests may exceed the limit together, by what they add: nothing depends on the exact number.
    Raises LimitReached.
    """
    counted = rows.limit(limit).order_by(None).subquery()
    count = await session.scalar(select(func.count()).select_from(counted)) or 0
    if count + coming > limit:
        more = "one more is" if coming == 1 else f"{coming} more are"
        message = f"You have {count} {what}, and {more} too many: the maximum is {limit}."
        raise LimitReached(message, limit=limit, count=count)
