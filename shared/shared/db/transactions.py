"""Inside and around one transaction: the bare driver, callbacks after the commit, and retrying a transaction that the
database rolled back for a reason that no longer exists."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from shared.db.failures import Failure, classify, is_stale_plan

T = TypeVar("T")
logger = logging.getLogger(__name__)


def is_retryable(error: BaseException) -> bool:
    """Whether the transaction that raised this was rolled back completely, and would succeed now: its plans were older
    than a change of the schema, or it conflicted with another one."""
    return classify(error) is Failure.RETRYABLE


async def with_retry(work: Callable[[], Awaitable[T]]) -> T:
    """The result of `work`, which is one transaction, or something that may be done twice. Raises the second try's
    error.

    One retry and no more: under load each further one makes things worse.
    """
    try:
        return await work()
    except Exception as error:
        if not is_retryable(error):
            raise
        logger.warning("a transaction is retried: %r", error)
    return await work()


class ReadConnection(AsyncConnection):
    """For SELECTs that are transactions of their own: one whose plan is older than a change of the schema is made
    anew, which SQLAlchemy does with the next one."""

    async def execute(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return await super().execute(*args, **kwargs)
        except DBAPIError as error:
            if not is_stale_plan(error):
                raise
            return await super().execute(*args, **kwargs)


_KEPT: Final = "driver"
DRIVER_ERRORS: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What the bare driver raises; the last one where the server ended the connection just as a statement began."""


async def driver(session: AsyncSession) -> asyncpg.Connection:
    """The asyncpg connection of the session, with its transaction begun; it ends with the session's.

    A statement costs about a third of what it costs through the session. It raises asyncpg's own errors, and the
    session does not notice what it changes: use it for rows of which the session holds no objects. Pending changes of
    the session are written first, as before the session's own statements.
    """
    if session.new or session.dirty or session.deleted:
        await session.flush()
    kept: asyncpg.Connection | None = session.info.get(_KEPT)
    if kept is not None and kept.is_in_transaction():
        return kept
    connection = await session.connection()
    bare = (await connection.get_raw_connection()).driver_connection
    assert isinstance(bare, asyncpg.Connection)  # noqa: S101 - what our engines are made with
    if not bare.is_in_transaction():
        await connection.exec_driver_sql("SELECT 1")  # SQLAlchemy says BEGIN before its own first statement
    session.info[_KEPT] = bare
    return bare


Callback = Callable[[], Awaitable[object]]
logger = logging.getLogger(__name__)
_KEY = "after_commit"


def after_commit(session: AsyncSession, callback: Callback) -> None:
    """Runs `callback` right after the commit of `Database.session()`; never, when it rolls back."""
    session.info.setdefault(_KEY, []).append(callback)


async def run_callbacks(session: AsyncSession) -> None:
    """Runs them in their order. A failing one is logged: a committed request can no longer be refused."""
    for callback in session.info.pop(_KEY, ()):
        try:
            await callback()
        except Exception:
            logger.exception("a callback failed after the commit")
