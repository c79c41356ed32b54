"""The bare driver inside of a session's transaction, for the few statements that every write makes."""

from typing import Final

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

_KEPT: Final = "driver"
DRIVER_ERRORS: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What the bare driver raises; the last one where the server ended the connection just as a statement began."""


async def driver(session: AsyncSession) -> asyncpg.Connection:
    """The asyncpg connection of the session, with its transaction begun; it ends with the session's.

    A statement costs about a third of what it costs through the session. It raises asyncpg's own errors, and the
    session does not know of what it changes: use it for rows that the session holds no objects of. What the session
    has not written yet is written first, as by a statement of its own.
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
