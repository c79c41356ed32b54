"""Registration, login, refresh: from who somebody is to the tokens that say so."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from platform_service.auth import refresh_tokens, sessions
from platform_service.auth.errors import (
    AccountInactive,
    EmailTaken,
    InvalidRefreshToken,
    ReusedToken,
    SessionStoreUnavailable,
    WeakPassword,
    WrongCredentials,
)
from platform_service.auth.passwords import PasswordCheck
from platform_service.auth.refresh_tokens import PresentedToken, Verdict
from platform_service.auth.revocation import tell_everybody
from platform_service.auth.rules import password_problem
from platform_service.auth.sessions import Exchange
from platform_service.resources import Resources
from platform_service.tables import Outbox
from platform_service.users.addresses import ADDRESS_IS_TAKEN, with_address
from platform_service.users.events import UserRegistered
from platform_service.users.models import User
from platform_service.users.schemas import user_shape
from shared.auth.errors import SessionsUnavailable
from shared.auth.tokens import TokenSigner
from shared.db.constraints import translate
from shared.db.transactions import DRIVER_ERRORS
from shared.errors import FieldError
from shared.events.outbox import publish

logger = logging.getLogger(__name__)
NOTE_SECONDS = 2.0

Tokens = dict[str, Any]
# Row types of SQLAlchemy Core say nothing more precise.
UserRow = Any


def check_new_password(password: str, *, email: str, name: str, field: str = "password") -> None:
    """Raises WeakPassword, which names the field."""
    if problem := password_problem(password, email=email, name=name):
        raise WeakPassword(problem, errors=[FieldError(field, problem)])


async def register(
    session: AsyncSession, resources: Resources, *, email: str, password: str, name: str, user_agent: str
) -> Tokens:
    """A new account, logged in. Raises EmailTaken, WeakPassword."""
    check_new_password(password, email=email, name=name)
    # Before the first statement: no transaction is open while the hash takes its time, and none that is open waits
    # for a second connection, which reading the signing key may need.
    password_hash = await resources.passwords.hash(password)
    signer = await resources.ring.signer()
    user = User(email=email, password_hash=password_hash, name=name, role="user")
    session.add(user)
    with translate(dict.fromkeys(ADDRESS_IS_TAKEN, EmailTaken)):
        await session.flush()
    event = UserRegistered(user_id=user.id, email=user.email, name=user.name, role=user.role)
    await publish(session, Outbox, event, key=str(user.id))
    tokens = await open_session(session, resources, user, signer=signer, user_agent=user_agent)
    return {**tokens, "user": user_shape(user)}


async def log_in(resources: Resources, *, email: str, password: str, user_agent: str) -> Tokens:
    """Tokens for a user who knows the password.

    Raises WrongCredentials, AccountInactive, TooManyGuesses. No connection is held while the hash is computed.
    """
    users = await _users_by_email(resources, email)
    known = await resources.guessing.check(email, lambda: _whose_password(resources, users, password))
    if known is None:
        raise WrongCredentials
    user, check = known
    if not user.is_active:
        raise AccountInactive
    if check is PasswordCheck.OUTDATED:
        await _upgrade_hash(resources, user, await resources.passwords.hash(password))
    signer = await resources.ring.signer()
    async with resources.runtime.database.session() as session:
        await _refuse_if_changed_meanwhile(session, user)
        tokens = await open_session(session, resources, user, signer=signer, user_agent=user_agent)
    return {**tokens, "user": user_shape(user)}


async def refresh(resources: Resources, *, refresh_token: str) -> Tokens:
    """The next tokens of a session. Raises InvalidRefreshToken; a token used before ends its session everywhere.

    All that may fail is done before the token is used up, and an outage while it is used up leaves it unanswered:
    such a token is as good as new.
    """
    token = refresh_tokens.split(refresh_token)
    signer = await resources.ring.signer()
    exchange = await _exchange(resources, token)
    if exchange is None and await resources.earlier.take_over(token.session_id):
        exchange = await _exchange(resources, token)
    if exchange is None:
        raise InvalidRefreshToken
    if exchange.ended:
        await _tell_if_possible(resources, exchange.user_id, token.session_id)
    if not exchange.refresh_token:
        raise ReusedToken if exchange.verdict is Verdict.REUSED else InvalidRefreshToken
    access = signer.sign(user_id=exchange.user_id, session_id=token.session_id, role=exchange.role)
    return {"access_token": access, "refresh_token": exchange.refresh_token}


async def note_answer(resources: Resources, *, refresh_token: str) -> None:
    """Note that a client was handed this token. Where that cannot be written the client may ask for it again."""
    try:
        async with asyncio.timeout(NOTE_SECONDS):
            await sessions.mark_answered(resources.runtime.database, refresh_tokens.split(refresh_token))
    except (SQLAlchemyError, *DRIVER_ERRORS, OSError) as error:
        logger.warning("a refresh that was answered can still be repeated: %s", type(error).__name__)


async def open_session(
    session: AsyncSession, resources: Resources, user: UserRow, *, signer: TokenSigner, user_agent: str
) -> Tokens:
    """A new session of the user, good from the commit on: its tokens."""
    session_id, refresh_token = await sessions.open_session(
        session,
        user_id=user.id,
        epoch=user.session_epoch or 0,
        user_agent=user_agent,
        lifetime=resources.settings.refresh_lifetime,
    )
    access = signer.sign(user_id=user.id, session_id=session_id, role=user.role)
    return {"access_token": access, "refresh_token": refresh_token}


async def user_by_id(resources: Resources, user_id: int) -> UserRow | None:
    """The row of a user, as last committed; None where there is none."""
    async with resources.runtime.database.read(fresh=True) as connection:
        return (await connection.execute(_USER.where(User.id == user_id))).one_or_none()


async def _users_by_email(resources: Resources, email: str) -> Sequence[UserRow]:
    """Who has this address: nobody or one; more where accounts were made before spellings were compared as now."""
    as_typed_first = (User.email != email, User.email_twin)
    async with resources.runtime.database.read(fresh=True) as connection:
        return (await connection.execute(_USER.where(with_address(email)).order_by(*as_typed_first))).all()


async def _whose_password(
    resources: Resources, users: Sequence[UserRow], password: str
) -> tuple[UserRow, PasswordCheck] | None:
    for user in users:
        if check := await resources.passwords.verify(password, user.password_hash):
            return user, check
    if not users:
        await resources.passwords.verify(password, None)
    return None


_USER = select(
    User.id,
    User.email,
    User.name,
    User.role,
    User.created_at,
    User.is_active,
    User.password_hash,
    User.session_epoch,
)


async def _upgrade_hash(resources: Resources, user: UserRow, new_hash: str) -> None:
    unchanged = update(User).where(User.id == user.id, User.password_hash == user.password_hash)
    async with resources.runtime.database.session() as session:
        await session.execute(unchanged.values(password_hash=new_hash))


async def _refuse_if_changed_meanwhile(session: AsyncSession, user: UserRow) -> None:
    """A session opened while the user is deactivated, or logged out everywhere, would outlive that: the lock has those
    wait for this transaction, whose session they then end, or this one for them."""
    now = select(User.is_active, User.session_epoch).where(User.id == user.id).with_for_update(read=True)
    if (await session.execute(now)).one_or_none() != (user.is_active, user.session_epoch):
        raise WrongCredentials


async def _exchange(resources: Resources, token: PresentedToken) -> Exchange | None:
    settings = resources.settings
    async with resources.runtime.database.session() as session:
        return await sessions.exchange(
            session, token, grace=settings.refresh_grace, lifetime=settings.refresh_lifetime
        )


async def _tell_if_possible(resources: Resources, user_id: int, session_id: str) -> None:
    try:
        await tell_everybody(resources, user_id=user_id, session_ids=[session_id])
    except (SessionsUnavailable, SessionStoreUnavailable):
        logger.warning("session %s has ended; the services are told once Redis is back", session_id)
