"""Registration, login, refresh: from who somebody is to the tokens that say so."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from platform_service.auth.errors import (
    AccountInactive,
    EmailTaken,
    InvalidRefreshToken,
    WeakPassword,
    WrongCredentials,
)
from platform_service.auth.revocation import end_session
from platform_service.auth.rules import password_problem
from platform_service.auth.sessions import ReusedToken
from platform_service.resources import Resources
from platform_service.tables import Outbox
from platform_service.users.events import UserRegistered
from platform_service.users.models import User
from platform_service.users.schemas import user_shape
from shared.auth.tokens import TokenSigner
from shared.db.constraints import translate
from shared.errors import FieldError
from shared.events.outbox import publish

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
    with translate({"uq_users_email": EmailTaken}):
        await session.flush()
    event = UserRegistered(user_id=user.id, email=user.email, name=user.name, role=user.role)
    await publish(session, Outbox, event, key=str(user.id))
    # Before the commit: without Redis nobody is registered, instead of registered and told that it failed.
    tokens, _ = await open_session(resources, user, signer=signer, user_agent=user_agent)
    return {**tokens, "user": user_shape(user)}


async def log_in(resources: Resources, *, email: str, password: str, user_agent: str) -> Tokens:
    """Tokens for who knows the password.

    Raises WrongCredentials, AccountInactive, TooManyGuesses. No connection is held while the hash is computed.
    """
    user = await _user_by_email(resources, email)
    known_hash = None if user is None else user.password_hash
    right = await resources.guessing.check(email, lambda: resources.passwords.verify(password, known_hash))
    if user is None or not right:
        raise WrongCredentials
    if not user.is_active:
        raise AccountInactive
    if resources.passwords.outdated(user.password_hash):
        await _upgrade_hash(resources, user, await resources.passwords.hash(password))
    signer = await resources.ring.signer()
    tokens, session_id = await open_session(resources, user, signer=signer, user_agent=user_agent)
    await _refuse_if_changed_meanwhile(resources, user, session_id)
    return {**tokens, "user": user_shape(user)}


async def refresh(resources: Resources, *, refresh_token: str) -> Tokens:
    """The next tokens of a session. Raises InvalidRefreshToken; a token used before ends its session everywhere."""
    try:
        rotated = await resources.sessions.rotate(refresh_token)
    except ReusedToken as reused:
        await resources.runtime.revoked.revoke([reused.session_id])
        raise
    user = await user_by_id(resources, rotated.user_id)
    if user is None or not user.is_active or user.session_epoch != rotated.epoch:
        await end_session(resources, user_id=rotated.user_id, session_id=rotated.session_id)
        raise InvalidRefreshToken
    signer = await resources.ring.signer()
    access = signer.sign(user_id=user.id, session_id=rotated.session_id, role=user.role)
    return {"access_token": access, "refresh_token": rotated.refresh_token}


async def open_session(
    resources: Resources, user: UserRow, *, signer: TokenSigner, user_agent: str
) -> tuple[Tokens, str]:
    """A new session of the user: its tokens and its id. Uses no connection of the database."""
    session_id, refresh_token = await resources.sessions.open(
        user.id, epoch=user.session_epoch or 0, user_agent=user_agent
    )
    access = signer.sign(user_id=user.id, session_id=session_id, role=user.role)
    return {"access_token": access, "refresh_token": refresh_token}, session_id


async def user_by_id(resources: Resources, user_id: int) -> UserRow | None:
    """The row of a user, as last committed; None where there is none."""
    async with resources.runtime.database.read(fresh=True) as connection:
        return (await connection.execute(_USER.where(User.id == user_id))).one_or_none()


async def _user_by_email(resources: Resources, email: str) -> UserRow | None:
    statement = _USER.where(func.lower(User.email) == func.lower(email), User.deleted_at.is_(None))
    async with resources.runtime.database.read(fresh=True) as connection:
        return (await connection.execute(statement)).one_or_none()


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


async def _refuse_if_changed_meanwhile(resources: Resources, user: UserRow, session_id: str) -> None:
    """A session opened while the user was deactivated, or logged out everywhere, would outlive that."""
    now = await user_by_id(resources, user.id)
    if now is None or (now.is_active, now.session_epoch) != (user.is_active, user.session_epoch):
        await end_session(resources, user_id=user.id, session_id=session_id)
        raise WrongCredentials
