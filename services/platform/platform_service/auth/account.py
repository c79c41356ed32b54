"""What users do with their own account: log out, change the password, delete it."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from platform_service.auth import refresh_tokens, sessions
from platform_service.auth.errors import AccountInactive, InvalidRefreshToken, WrongPassword
from platform_service.auth.passwords import NO_PASSWORD
from platform_service.auth.revocation import end_all_sessions, end_sessions
from platform_service.auth.service import (
    Tokens,
    UserRow,
    check_new_password,
    open_session,
    user_by_id,
)
from platform_service.resources import Resources
from platform_service.subscriptions.service import end_all_subscriptions
from platform_service.tables import Outbox
from platform_service.users.addresses import give_up_address
from platform_service.users.events import UserDeleted
from platform_service.users.locking import lock_user
from platform_service.users.models import User
from shared.auth.errors import InvalidToken
from shared.auth.tokens import Principal
from shared.events.outbox import publish
from shared.schemas.dates import utcnow

DELETED_NAME = "Deleted user"


async def me(resources: Resources, *, user: Principal) -> UserRow:
    """The row of the token's user. Raises InvalidToken for a deleted user, AccountInactive."""
    row = await user_by_id(resources, user.user_id)
    if row is None or row.password_hash == NO_PASSWORD:
        raise InvalidToken
    if not row.is_active:
        raise AccountInactive
    return row


async def log_out(resources: Resources, *, user: Principal, refresh_token: str | None) -> None:
    """End the session of the access token, and that of the refresh token where it is another of this user."""
    ending = {user.session_id}
    if refresh_token is not None and (other := await _session_of(resources, user, refresh_token)):
        ending.add(other)
    await end_sessions(resources, user_id=user.user_id, session_ids=sorted(ending))


async def _session_of(resources: Resources, user: Principal, refresh_token: str) -> str | None:
    try:
        token = refresh_tokens.split(refresh_token)
    except InvalidRefreshToken:
        return None
    database = resources.runtime.database
    found = await sessions.session_of(database, token, user_id=user.user_id)
    if found is None and await resources.earlier.take_over(token.session_id):
        found = await sessions.session_of(database, token, user_id=user.user_id)
    return found


async def log_out_everywhere(session: AsyncSession, resources: Resources, *, user: Principal) -> None:
    """End every session of the user."""
    row = await _locked(session, user)
    await end_all_sessions(session, resources, row)


async def open_sessions(resources: Resources, *, user: Principal) -> list[dict[str, Any]]:
    """The user's sessions, each with `current`: whether it is the one that asks."""
    await resources.earlier.take_over_all(user.user_id)
    return [
        {
            "id": one.id,
            "created_at": one.created_at,
            "last_used_at": one.used_at,
            "user_agent": one.user_agent,
            "current": one.id == user.session_id,
        }
        for one in await sessions.of_user(resources.runtime.database, user.user_id)
    ]


async def change_password(
    session: AsyncSession, resources: Resources, *, user: Principal, old: str, new: str, user_agent: str
) -> Tokens:
    """Set another password; every session ends, and the answer holds the tokens of a new one.

    Raises WrongPassword, WeakPassword, TooManyGuesses.
    """
    known = await _with_password(resources, user, old)
    check_new_password(new, email=known.email, name=known.name, field="new_password")
    new_hash = await resources.passwords.hash(new)
    signer = await resources.ring.signer()
    row = await _locked(session, user)
    if row.password_hash != known.password_hash:
        raise WrongPassword
    row.password_hash = new_hash
    await end_all_sessions(session, resources, row)
    return await open_session(session, resources, row, signer=signer, user_agent=user_agent)


async def delete_account(
    session: AsyncSession, resources: Resources, *, user: Principal, password: str
) -> None:
    """Remove everything personal, free the address, end subscriptions and sessions, and tell the other services.

    Raises WrongPassword, TooManyGuesses.
    """
    await _with_password(resources, user, password)
    row = await _locked(session, user)
    await end_all_subscriptions(session, user_id=row.id, grace=resources.settings.subscription_grace)
    row.name, row.password_hash, row.is_active = DELETED_NAME, NO_PASSWORD, False
    row.version += 1
    row.deleted_at = utcnow()
    await give_up_address(session, row)
    await publish(session, Outbox, UserDeleted(user_id=row.id), key=str(row.id))
    await end_all_sessions(session, resources, row)


async def _with_password(resources: Resources, user: Principal, password: str) -> UserRow:
    """The row of the token's user, after the password proves it. No connection is held while the hash is computed."""
    row = await me(resources, user=user)
    verified = await resources.guessing.check(
        row.email, lambda: resources.passwords.verify(password, row.password_hash)
    )
    if not verified:
        raise WrongPassword
    return row


async def _locked(session: AsyncSession, user: Principal) -> User:
    row = await lock_user(session, user.user_id)
    if row is None or row.deleted_at is not None:
        raise InvalidToken
    return row
