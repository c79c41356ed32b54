"""Ending sessions: their refresh tokens in the table, their access tokens in every service.

The table is the truth, and what Redis carries to the services is compared with it, again and again. So what was ended
stays so whatever Redis forgets: all of it, or the last seconds before it died.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from platform_service.auth import sessions
from platform_service.auth.earlier_sessions import EarlierSessions
from platform_service.auth.errors import SessionStoreUnavailable
from platform_service.auth.models import SessionRow
from platform_service.users.models import User
from shared.auth.errors import SessionsUnavailable
from shared.auth.revoked_sessions import RevokedSessions
from shared.db.database import Database
from shared.db.transactions import after_commit
from shared.jobs import enqueue

logger = logging.getLogger(__name__)
END_SESSIONS_JOB = "sessions.end"
COMPARE_SECONDS = 10.0


class SessionRevoker:
    """Ends sessions, and tells the services through Redis: never inside of a transaction."""

    def __init__(
        self,
        database: Database,
        revoked: RevokedSessions,
        earlier: EarlierSessions,
        *,
        refresh_lifetime: timedelta,
        revocation_lifetime: timedelta,
    ) -> None:
        self._database = database
        self._revoked = revoked
        self._earlier = earlier
        self._refresh_lifetime = refresh_lifetime
        self._within = revocation_lifetime

    async def end_sessions(self, *, user_id: int, session_ids: Sequence[str]) -> None:
        """End sessions of a user for good, then tell every service.

        Raises a 503 without Redis: they are ended then too, and the services learn it when Redis is back.
        """
        async with self._database.session() as session:
            await sessions.end(
                session, user_id=user_id, session_ids=session_ids, lifetime=self._refresh_lifetime
            )
        await self.tell_services(user_id=user_id, session_ids=session_ids)

    async def end_all_sessions(self, session: AsyncSession, user: User) -> None:
        """End every session of the user with this transaction's commit.

        Needs the user locked. From the commit on none of them can be refreshed. Access tokens are refused within a
        second, or as soon as Redis is back, by a job that the same transaction leaves behind.
        """
        user.session_epoch += 1
        await session.flush()
        user_id, epoch = user.id, user.session_epoch
        await sessions.end_before(session, user_id=user_id, epoch=epoch)
        await enqueue(session, END_SESSIONS_JOB, {"user_id": user_id, "epoch": epoch})

        async def at_once() -> None:
            try:
                await self.end_sessions_before(user_id=user_id, epoch=epoch)
            except (SessionsUnavailable, SessionStoreUnavailable):
                logger.warning("sessions of user %s end once Redis is back", user_id)

        after_commit(session, at_once)

    async def end_sessions_before(self, *, user_id: int, epoch: int) -> None:
        """Tell every service which sessions of a user ended, and end those of earlier epochs that the release before
        left in Redis. Raises a 503 without Redis."""
        await self._revoke_ended(user_id)
        if await self._earlier.take_over_all(user_id):
            async with self._database.session() as session:
                await sessions.end_before(session, user_id=user_id, epoch=epoch)
            await self._revoke_ended(user_id)

    async def tell_services(self, *, user_id: int, session_ids: Sequence[str]) -> None:
        """Have every service refuse the access tokens of sessions that the table has as ended. Raises a 503 without
        Redis."""
        await self._revoked.revoke(session_ids, seconds=self._within.total_seconds())
        await self._earlier.forget(user_id, session_ids)

    async def _revoke_ended(self, user_id: int) -> None:
        ended = await ended_lately(self._database, within=self._within, user_id=user_id)
        await self._revoked.revoke(ended, seconds=self._within.total_seconds())


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


async def remember_ended(database: Database, revoked: RevokedSessions, *, within: timedelta) -> None:
    """Refuse in this process what ended lately; what Redis does not know of it, the process tells it."""
    ended = await ended_lately(database, within=within)
    revoked.restore({session_id: moment + within.total_seconds() for session_id, moment in ended.items()})


async def keep_ended(
    database: Database,
    revoked: RevokedSessions,
    stop: asyncio.Event,
    *,
    within: timedelta,
    every: float = COMPARE_SECONDS,
) -> None:
    """`remember_ended` at the start and every few seconds, until `stop`."""
    while not stop.is_set():
        try:
            await remember_ended(database, revoked, within=within)
        except (SQLAlchemyError, OSError) as error:
            logger.warning("ended sessions: the comparison with Redis is postponed: %s", type(error).__name__)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), every)
