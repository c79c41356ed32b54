"""What ended lately: the table has it, and what Redis carries to the services is compared with it, again and again.

So what was ended stays so whatever Redis forgets: all of it, or the last seconds before it died.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.exc import SQLAlchemyError

from platform_service.auth.models import SessionRow
from platform_service.settings import PlatformSettings
from shared.db.database import Database
from shared.runtime import Runtime

logger = logging.getLogger(__name__)
COMPARE_SECONDS = 10.0
PURGED_AT_ONCE = 1000


async def ended_lately(
    database: Database, *, within: timedelta, user_id: int | None = None
) -> dict[str, float]:
    """The sessions, of everybody or of one user, that ended `within` this time, so that an access token may still be
    good; and when they ended (seconds since 1970)."""
    statement = select(SessionRow.id, SessionRow.ended_at).where(
        SessionRow.ended_at > func.clock_timestamp() - within
    )
    if user_id is not None:
        statement = statement.where(SessionRow.user_id == user_id)
    async with database.read(fresh=True) as connection:
        return {row.id: row.ended_at.timestamp() for row in await connection.execute(statement)}


async def remember_ended(runtime: Runtime) -> None:
    """Refuse in this process what ended lately; what Redis does not know of it, the process tells it."""
    settings: PlatformSettings = runtime.settings
    within = settings.revocation_lifetime
    ended = await ended_lately(runtime.database, within=within)
    runtime.revoked.restore(
        {session_id: moment + within.total_seconds() for session_id, moment in ended.items()}
    )


async def keep_ended(runtime: Runtime, stop: asyncio.Event, *, every: float = COMPARE_SECONDS) -> None:
    """`remember_ended` at the start and every few seconds, until `stop`."""
    while not stop.is_set():
        try:
            await remember_ended(runtime)
        except (SQLAlchemyError, OSError) as error:
            logger.warning("ended sessions: the comparison with Redis is postponed: %s", type(error).__name__)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), every)


async def purge_expired(database: Database) -> int:
    """Delete the sessions whose last refresh token has expired, in small steps. How many there were."""
    some = select(SessionRow.id).where(SessionRow.expires_at < func.clock_timestamp())
    some = some.order_by(SessionRow.expires_at).limit(PURGED_AT_ONCE).with_for_update(skip_locked=True)
    statement = delete(SessionRow).where(SessionRow.id.in_(some)).returning(SessionRow.id)
    total, purged = 0, PURGED_AT_ONCE
    while purged == PURGED_AT_ONCE:
        async with database.session() as session:
            purged = len((await session.execute(statement)).all())
        total += purged
    return total
