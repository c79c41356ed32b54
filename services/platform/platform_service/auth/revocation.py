"""Ending sessions: their refresh tokens in the table, their access tokens in every service.

The table is the truth, and what it has as ended reaches the services in the end; see ended_sessions.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from platform_service.auth import sessions
from platform_service.auth.ended_sessions import ended_lately
from platform_service.auth.errors import SessionStoreUnavailable
from platform_service.resources import Resources
from platform_service.users.models import User
from shared.auth.errors import SessionsUnavailable
from shared.db.transactions import after_commit
from shared.jobs import enqueue

logger = logging.getLogger(__name__)
END_SESSIONS_JOB = "sessions.end"


async def end_sessions(resources: Resources, *, user_id: int, session_ids: Sequence[str]) -> None:
    """End sessions of a user for good, then tell every service.

    Raises a 503 without Redis: they are ended then too, and the services learn it when Redis is back.
    """
    async with resources.runtime.database.session() as session:
        await sessions.end(
            session, user_id=user_id, session_ids=session_ids, lifetime=resources.settings.refresh_lifetime
        )
    await tell_everybody(resources, user_id=user_id, session_ids=session_ids)


async def tell_everybody(resources: Resources, *, user_id: int, session_ids: Sequence[str]) -> None:
    """Have every service refuse the access tokens of sessions that the table has as ended. Raises a 503 without
    Redis."""
    seconds = resources.settings.revocation_lifetime.total_seconds()
    await resources.runtime.revoked.revoke(session_ids, seconds=seconds)
    await resources.earlier.forget(user_id, session_ids)


async def end_sessions_before(resources: Resources, *, user_id: int, epoch: int) -> None:
    """Tell every service which sessions of a user ended, and end those of earlier epochs that the release before left
    in Redis. Raises a 503 without Redis."""
    database = resources.runtime.database
    await _revoke_ended(resources, user_id)
    if await resources.earlier.take_over_all(user_id):
        async with database.session() as session:
            await sessions.end_before(session, user_id=user_id, epoch=epoch)
        await _revoke_ended(resources, user_id)


async def _revoke_ended(resources: Resources, user_id: int) -> None:
    within = resources.settings.revocation_lifetime
    ended = await ended_lately(resources.runtime.database, within=within, user_id=user_id)
    await resources.runtime.revoked.revoke(ended, seconds=within.total_seconds())


async def end_all_sessions(session: AsyncSession, resources: Resources, user: User) -> None:
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
            await end_sessions_before(resources, user_id=user_id, epoch=epoch)
        except (SessionsUnavailable, SessionStoreUnavailable):
            logger.warning("sessions of user %s end once Redis is back", user_id)

    after_commit(session, at_once)
