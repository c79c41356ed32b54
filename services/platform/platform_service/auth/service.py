"""Registration and login: from who somebody is to the tokens that say so.

Nothing outside is called while a transaction is open: not Redis, not a hashing thread, not a second connection.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from platform_service.auth import sessions
from platform_service.auth.errors import AccountInactive, EmailTaken, WeakPassword, WrongCredentials
from platform_service.auth.login_throttle import LoginThrottle
from platform_service.auth.passwords import PasswordCheck, Passwords
from platform_service.auth.queries import UserRow, users_by_email
from platform_service.auth.rules import password_problem
from platform_service.auth.schemas import LoggedIn, Tokens
from platform_service.keys.ring import SigningRing
from platform_service.tables import Outbox
from platform_service.users import schemas
from platform_service.users.events import UserRegistered
from platform_service.users.models import User
from platform_service.users.service import ADDRESS_IS_TAKEN
from shared.auth.tokens import TokenSigner
from shared.db.constraints import translate
from shared.db.database import Database
from shared.errors import FieldError
from shared.events.outbox import publish


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
    access = signer.sign(user_id=user.id, session_id=session_id, role=user.role)
    return Tokens(access_token=access, refresh_token=refresh_token)


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


def _logged_in(tokens: Tokens, user: User | UserRow) -> LoggedIn:
    shown = schemas.User.model_validate(user)
    return LoggedIn(access_token=tokens.access_token, refresh_token=tokens.refresh_token, user=shown)
