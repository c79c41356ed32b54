"""Ending sessions: their refresh tokens here, their access tokens in every service."""

from __future__ import annotations

import logging

from sqlalchemy.ext.asyncio import AsyncSession

from platform_service.auth.errors import SessionStoreUnavailable
from platform_service.resources import Resources
from platform_service.users.models import User
from shared.auth.errors import SessionsUnavailable
from shared.db.hooks import after_commit
from shared.jobs import enqueue

logger = logging.getLogger(__name__)
END_SESSIONS_JOB = "sessions.end"


async def end_session(resources: Resources, *, user_id: int, session_id: str) -> None:
    """End one session now. Raises a 503 without Redis."""
    await resources.sessions.close(user_id, [session_id])
    await resources.runtime.revoked.revoke([session_id])


async def end_sessions_before(resources: Resources, *, user_id: int, epoch: int) -> None:
    """End every session of a user that was opened in an earlier epoch. Raises a 503 without Redis."""
    ended = await resources.sessions.close_before(user_id, epoch)
    await resources.runtime.revoked.revoke(ended)


async def end_all_sessions(session: AsyncSession, resources: Resources, user: User) -> None:
    """End every session of the user with this transaction's commit.

    Needs the user locked. From the commit on none of them can be refreshed. Access tokens are refused within a
    second, or as soon as Redis is back, by a job that the same transaction leaves behind.
    """
    user.session_epoch += 1
    await session.flush()
    user_id, epoch = user.id, user.session_epoch
    await enqueue(session, END_SESSIONS_JOB, {"user_id": user_id, "epoch": epoch})

    async def at_once() -> None:
        try:
            await end_sessions_before(resources, user_id=user_id, epoch=epoch)
        except (SessionsUnavailable, SessionStoreUnavailable):
            logger.warning("sessions of user %s end when Redis is back", user_id)

    after_commit(session, at_once)
