"""Registration, login and refresh: from who somebody is to the tokens that say so.

Nothing outside is called while a transaction is open: not Redis, not a hashing thread, not a second connection.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from platform_service.auth import refresh_tokens, schemas, sessions
from platform_service.auth.earlier_sessions import EarlierSessions
from platform_service.auth.errors import (
    AccountInactive,
    EmailTaken,
    InvalidRefreshToken,
    ReusedToken,
    SessionStoreUnavailable,
    WeakPassword,
    WrongCredentials,
)
from platform_service.auth.login_throttle import LoginThrottle
from platform_service.auth.passwords import PasswordCheck, Passwords, password_problem
from platform_service.auth.refresh_tokens import PresentedToken, Verdict
from platform_service.auth.revocation import SessionRevoker
from platform_service.auth.schemas import LoggedIn, Tokens
from platform_service.keys.ring import SigningRing
from platform_service.tables import Outbox
from platform_service.users.events import UserRegistered
from platform_service.users.models import User
from platform_service.users.service import ADDRESS_IS_TAKEN, UserRow, users_by_email
from shared.auth.errors import SessionsUnavailable
from shared.auth.tokens import TokenSigner
from shared.db.constraints import translate
from shared.db.database import Database
from shared.db.transactions import DRIVER_ERRORS
from shared.errors import FieldError
from shared.events.outbox import publish

logger = logging.getLogger(__name__)
NOTE_SECONDS = 2.0


def check_new_password(password: str, *, email: str, name: str, field: str = "password") -> None:
    """Raises WeakPassword, which names the field."""
    if problem := password_problem(password, email=email, name=name):
        raise WeakPassword(problem, errors=[FieldError(field, problem)])


async def register(
    session: AsyncSession,
    *,
    passwords: Passwords,
    ring: SigningRing,
    lifetime: timedelta,
    email: str,
    password: str,
    name: str,
    user_agent: str,
) -> LoggedIn:
    """A new account, logged in. Raises EmailTaken, WeakPassword."""
    check_new_password(password, email=email, name=name)
    # Before the first statement: no transaction is open while the hash takes its time, and none that is open waits
    # for a second connection, which reading the signing key may need.
    password_hash = await passwords.hash(password)
    signer = await ring.signer()
    user = User(email=email, password_hash=password_hash, name=name, role="user")
    session.add(user)
    with translate(dict.fromkeys(ADDRESS_IS_TAKEN, EmailTaken)):
        await session.flush()
    event = UserRegistered(user_id=user.id, email=user.email, name=user.name, role=user.role)
    await publish(session, Outbox, event, key=str(user.id))
    tokens = await open_session(session, user, signer=signer, lifetime=lifetime, user_agent=user_agent)
    return _logged_in(tokens, user)


async def log_in(
    database: Database,
    *,
    passwords: Passwords,
    throttle: LoginThrottle,
    ring: SigningRing,
    lifetime: timedelta,
    email: str,
    password: str,
    user_agent: str,
) -> LoggedIn:
    """Tokens for a user who knows the password.

    Raises WrongCredentials, AccountInactive, TooManyGuesses. No connection is held while the hash is computed.
    """
    users = await users_by_email(database, email)
    known = await throttle.check(email, lambda: _whose_password(passwords, users, password))
    if known is None:
        raise WrongCredentials
    user, check = known
    if not user.is_active:
        raise AccountInactive
    if check is PasswordCheck.OUTDATED:
        await _upgrade_hash(database, user, await passwords.hash(password))
    signer = await ring.signer()
    async with database.session() as session:
        await _refuse_if_changed_meanwhile(session, user)
        tokens = await open_session(session, user, signer=signer, lifetime=lifetime, user_agent=user_agent)
    return _logged_in(tokens, user)


async def open_session(
    session: AsyncSession, user: User | UserRow, *, signer: TokenSigner, lifetime: timedelta, user_agent: str
) -> Tokens:
    """A new session of the user, good from the commit on: its tokens."""
    session_id, refresh_token = await sessions.open_session(
        session, user_id=user.id, epoch=user.session_epoch or 0, user_agent=user_agent, lifetime=lifetime
    )
    return _tokens(signer, user.id, user.role, session_id, refresh_token)


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
    return _tokens(signer, exchange.user_id, exchange.role, token.session_id, exchange.refresh_token)


async def note_answer(database: Database, *, refresh_token: str) -> None:
    """Note that a client was handed this token. Where that cannot be written the client may ask for it again."""
    try:
        async with asyncio.timeout(NOTE_SECONDS):
            await sessions.mark_answered(database, refresh_tokens.split(refresh_token))
    except (SQLAlchemyError, *DRIVER_ERRORS, OSError) as error:
        logger.warning("a refresh that was answered can still be repeated: %s", type(error).__name__)


async def _whose_password(
    passwords: Passwords, users: Sequence[UserRow], password: str
) -> tuple[UserRow, PasswordCheck] | None:
    for user in users:
        if check := await passwords.verify(password, user.password_hash):
            return user, check
    if not users:
        await passwords.verify(password, None)
    return None


async def _upgrade_hash(database: Database, user: UserRow, new_hash: str) -> None:
    unchanged = update(User).where(User.id == user.id, User.password_hash == user.password_hash)
    async with database.session() as session:
        await session.execute(unchanged.values(password_hash=new_hash))


async def _refuse_if_changed_meanwhile(session: AsyncSession, user: UserRow) -> None:
    """A session opened while the user is deactivated, or logged out everywhere, would outlive that: the lock has those
    wait for this transaction, whose session they then end, or this one for them."""
    now = select(User.is_active, User.session_epoch).where(User.id == user.id).with_for_update(read=True)
    if (await session.execute(now)).one_or_none() != (user.is_active, user.session_epoch):
        raise WrongCredentials


def _tokens(signer: TokenSigner, user_id: int, role: str, session_id: str, refresh_token: str) -> Tokens:
    access = signer.sign(user_id=user_id, session_id=session_id, role=role)
    return Tokens(access_token=access, refresh_token=refresh_token)


def _logged_in(tokens: Tokens, user: User | UserRow) -> LoggedIn:
    return LoggedIn(**tokens.model_dump(), user=schemas.User.model_validate(user))


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
