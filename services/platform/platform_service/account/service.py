"""What users see of their own account and do with it: the dashboard, sessions, change of password, deletion.

A password is checked before the first statement of the transaction that it allows.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from platform_service.account.schemas import Dashboard, DashboardProduct, SessionShape
from platform_service.auth import refresh_tokens, schemas, sessions
from platform_service.auth.earlier_sessions import EarlierSessions
from platform_service.auth.errors import AccountInactive, InvalidRefreshToken, WrongPassword
from platform_service.auth.login_throttle import LoginThrottle
from platform_service.auth.passwords import NO_PASSWORD, Passwords
from platform_service.auth.revocation import SessionRevoker
from platform_service.auth.schemas import Tokens
from platform_service.auth.service import check_new_password, open_session
from platform_service.keys.ring import SigningRing
from platform_service.subscriptions.queries import offered, running, subscriptions_of
from platform_service.subscriptions.schemas import Product, Subscription
from platform_service.subscriptions.service import end_all_subscriptions
from platform_service.tables import Outbox
from platform_service.users.events import UserDeleted
from platform_service.users.models import User
from platform_service.users.service import UserRow, give_up_address, lock_user, user_by_id
from shared.auth.errors import InvalidToken
from shared.auth.tokens import Principal
from shared.db.database import Database
from shared.events.outbox import publish
from shared.schemas.dates import utcnow

DELETED_NAME: Final = "Deleted user"
_SHOWN_USER: Final = select(User.id, User.email, User.name, User.role, User.created_at)


async def me(database: Database, *, user: Principal) -> UserRow:
    """The token's user. Raises InvalidToken for a deleted user, AccountInactive."""
    row = await user_by_id(database, user.user_id)
    if row is None or row.password_hash == NO_PASSWORD:
        raise InvalidToken
    if not row.is_active:
        raise AccountInactive
    return row


async def read_dashboard(database: Database, *, user_id: int, grace: timedelta) -> Dashboard:
    """The user, every product and whether they subscribe to it. Raises InvalidToken for a user who is gone."""
    now = utcnow()
    who = _SHOWN_USER.where(User.id == user_id, User.deleted_at.is_(None))
    async with database.read(fresh=True) as connection:
        user = (await connection.execute(who)).one_or_none()
        products = await offered(connection)
        rows = await subscriptions_of(connection, user_id, running(grace=grace, now=now))
    if user is None:
        raise InvalidToken
    subscriptions = {row.product_id: row.as_of(now, grace=grace) for row in rows}
    return Dashboard(
        user=schemas.User.model_validate(user),
        products=[_with_subscription(product, subscriptions.get(product.id)) for product in products],
        subscription_count=len(subscriptions),
    )


async def log_out(
    database: Database,
    *,
    revoker: SessionRevoker,
    earlier: EarlierSessions,
    user: Principal,
    refresh_token: str | None,
) -> None:
    """End the session of the access token, and that of the refresh token where it is another of this user."""
    ending = {user.session_id}
    if refresh_token is not None and (other := await _session_of(database, earlier, user, refresh_token)):
        ending.add(other)
    await revoker.end_sessions(user_id=user.user_id, session_ids=sorted(ending))


async def log_out_everywhere(session: AsyncSession, *, revoker: SessionRevoker, user: Principal) -> None:
    """End every session of the user."""
    await revoker.end_all_sessions(session, await _locked(session, user))


async def open_sessions(
    database: Database, *, earlier: EarlierSessions, user: Principal
) -> list[SessionShape]:
    """The user's sessions, each with `current`: whether it is the one that asks."""
    await earlier.take_over_all(user.user_id)
    return [
        SessionShape(
            id=one.id,
            created_at=one.created_at,
            last_used_at=one.used_at,
            user_agent=one.user_agent,
            current=one.id == user.session_id,
        )
        for one in await sessions.open_sessions_of(database, user.user_id)
    ]


async def change_password(
    session: AsyncSession,
    database: Database,
    *,
    passwords: Passwords,
    throttle: LoginThrottle,
    ring: SigningRing,
    revoker: SessionRevoker,
    lifetime: timedelta,
    user: Principal,
    old: str,
    new: str,
    user_agent: str,
) -> Tokens:
    """Set another password; every session ends, and the answer holds the tokens of a new one.

    Raises WrongPassword, WeakPassword, TooManyGuesses.
    """
    known = await _with_password(database, passwords, throttle, user, old)
    check_new_password(new, email=known.email, name=known.name, field="new_password")
    new_hash = await passwords.hash(new)
    signer = await ring.signer()
    row = await _locked(session, user)
    if row.password_hash != known.password_hash:
        raise WrongPassword
    row.password_hash = new_hash
    await revoker.end_all_sessions(session, row)
    return await open_session(session, row, signer=signer, lifetime=lifetime, user_agent=user_agent)


async def delete_account(
    session: AsyncSession,
    database: Database,
    *,
    passwords: Passwords,
    throttle: LoginThrottle,
    revoker: SessionRevoker,
    grace: timedelta,
    user: Principal,
    password: str,
) -> None:
    """Remove everything personal, free the address, end subscriptions and sessions, and tell the other services.

    Raises WrongPassword, TooManyGuesses.
    """
    await _with_password(database, passwords, throttle, user, password)
    row = await _locked(session, user)
    await end_all_subscriptions(session, user_id=row.id, grace=grace)
    row.name, row.password_hash, row.is_active = DELETED_NAME, NO_PASSWORD, False
    row.version += 1
    row.deleted_at = utcnow()
    await give_up_address(session, row)
    await publish(session, Outbox, UserDeleted(user_id=row.id), key=str(row.id))
    await revoker.end_all_sessions(session, row)


async def _session_of(
    database: Database, earlier: EarlierSessions, user: Principal, refresh_token: str
) -> str | None:
    try:
        token = refresh_tokens.split(refresh_token)
    except InvalidRefreshToken:
        return None
    found = await sessions.session_of(database, token, user_id=user.user_id)
    if found is None and await earlier.take_over(token.session_id):
        found = await sessions.session_of(database, token, user_id=user.user_id)
    return found


async def _with_password(
    database: Database, passwords: Passwords, throttle: LoginThrottle, user: Principal, password: str
) -> UserRow:
    """The token's user, after the password proves it. No connection is held while the hash is computed."""
    row = await me(database, user=user)
    if not await throttle.check(row.email, lambda: passwords.verify(password, row.password_hash)):
        raise WrongPassword
    return row


async def _locked(session: AsyncSession, user: Principal) -> User:
    row = await lock_user(session, user.user_id)
    if row is None or row.deleted_at is not None:
        raise InvalidToken
    return row


def _with_subscription(product: Product, subscription: Subscription | None) -> DashboardProduct:
    if subscription is None:
        return DashboardProduct(**dict(product), subscribed=False, status=None, next_billing=None)
    return DashboardProduct(
        **dict(product),
        subscribed=True,
        status=subscription.status,
        next_billing=None if subscription.cancel_at_period_end else subscription.current_period_end,
        subscription=subscription,
    )
