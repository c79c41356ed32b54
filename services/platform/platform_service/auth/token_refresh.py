"""Exchanging a refresh token for new tokens."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from platform_service.auth import refresh_tokens, sessions
from platform_service.auth.earlier_sessions import EarlierSessions
from platform_service.auth.errors import InvalidRefreshToken, ReusedToken, SessionStoreUnavailable
from platform_service.auth.refresh_tokens import PresentedToken, Verdict
from platform_service.auth.revocation import SessionRevoker
from platform_service.auth.schemas import Tokens
from platform_service.keys.ring import SigningRing
from shared.auth.errors import SessionsUnavailable
from shared.db.database import Database
from shared.db.transactions import DRIVER_ERRORS

logger = logging.getLogger(__name__)
NOTE_SECONDS = 2.0


async def refresh(
    database: Database,
    *,
    ring: SigningRing,
    earlier: EarlierSessions,
    revoker: SessionRevoker,
    grace: timedelta,
    lifetime: timedelta,
    refresh_token: str,
) -> Tokens:
    """The next tokens of a session. Raises InvalidRefreshToken; a token used before ends its session everywhere.

    All that may fail is done before the token is used up, and an outage while it is used up leaves it unanswered:
    such a token is as good as new.
    """
    token = refresh_tokens.split(refresh_token)
    signer = await ring.signer()
    exchange = await _exchange(database, token, grace=grace, lifetime=lifetime)
    if exchange is None and await earlier.take_over(token.session_id):
        exchange = await _exchange(database, token, grace=grace, lifetime=lifetime)
    if exchange is None:
        raise InvalidRefreshToken
    if exchange.ended:
        await _tell_if_possible(revoker, exchange.user_id, token.session_id)
    if not exchange.refresh_token:
        raise ReusedToken if exchange.verdict is Verdict.REUSED else InvalidRefreshToken
    access = signer.sign(user_id=exchange.user_id, session_id=token.session_id, role=exchange.role)
    return Tokens(access_token=access, refresh_token=exchange.refresh_token)


async def note_answer(database: Database, *, refresh_token: str) -> None:
    """Note that a client was handed this token. Where that cannot be written the client may ask for it again."""
    try:
        async with asyncio.timeout(NOTE_SECONDS):
            await sessions.mark_answered(database, refresh_tokens.split(refresh_token))
    except (SQLAlchemyError, *DRIVER_ERRORS, OSError) as error:
        logger.warning("a refresh that was answered can still be repeated: %s", type(error).__name__)


async def _exchange(
    database: Database, token: PresentedToken, *, grace: timedelta, lifetime: timedelta
) -> sessions.Exchange | None:
    async with database.session() as session:
        return await sessions.exchange(session, token, grace=grace, lifetime=lifetime)


async def _tell_if_possible(revoker: SessionRevoker, user_id: int, session_id: str) -> None:
    try:
        await revoker.tell_services(user_id=user_id, session_ids=[session_id])
    except (SessionsUnavailable, SessionStoreUnavailable):
        logger.warning("session %s has ended; the services are told once Redis is back", session_id)
