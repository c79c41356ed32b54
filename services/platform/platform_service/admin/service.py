"""What an administrator does with users."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from platform_service.admin.errors import OwnAccount, UnknownUser
from platform_service.admin.schemas import ListedUser
from platform_service.auth.revocation import SessionRevoker
from platform_service.subscriptions.models import Subscription
from platform_service.tables import Outbox
from platform_service.users.events import UserUpdated
from platform_service.users.models import User
from platform_service.users.service import lock_user, with_address
from shared.db.database import Database
from shared.events.outbox import publish

_GIVES_ACCESS: Final = (Subscription.status == "active") & Subscription.suspended_at.is_(None)
_SUBSCRIPTIONS: Final = (
    select(func.count()).where(Subscription.user_id == User.id, _GIVES_ACCESS).scalar_subquery()
)
_LISTED: Final = select(
    User.id,
    User.email,
    User.name,
    User.role,
    User.created_at,
    User.is_active,
    _SUBSCRIPTIONS.label("active_subscriptions"),
)


async def page_of_users(
    database: Database,
    *,
    q: str | None = None,
    role: str | None = None,
    active: bool | None = None,
    offset: int = 0,
    limit: int = 20,
) -> tuple[list[ListedUser], int]:
    """Users, the newest first, and how many there are in all. `q` is a part of the name or the address."""
    matching = _matching(q=q, role=role, active=active)
    page = _LISTED.where(*matching).order_by(User.id.desc()).offset(offset).limit(limit)
    async with database.read(fresh=True) as connection:
        total = await connection.scalar(select(func.count()).select_from(User).where(*matching))
        rows = await connection.execute(page)
        return [ListedUser.model_validate(row) for row in rows], total or 0


async def change_user(
    session: AsyncSession,
    *,
    revoker: SessionRevoker,
    admin_id: int,
    user_id: int,
    role: str | None,
    is_active: bool | None,
) -> ListedUser:
    """Change a user's role or state; the user is logged out if it changes. Raises UnknownUser, OwnAccount."""
    user = await lock_user(session, user_id)
    if user is None or user.deleted_at is not None:
        raise UnknownUser
    changed = (role or user.role, user.is_active if is_active is None else is_active)
    if changed != (user.role, user.is_active):
        if user_id == admin_id:
            raise OwnAccount
        user.role, user.is_active = changed
        user.version += 1
        await publish(session, Outbox, _updated(user), key=str(user.id))
        await revoker.end_all_sessions(session, user)
    await session.flush()
    listed = (await session.execute(_LISTED.where(User.id == user_id))).one()
    return ListedUser.model_validate(listed)


def _matching(*, q: str | None, role: str | None, active: bool | None) -> Sequence[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [User.deleted_at.is_(None)]
    if q:
        parts = [column.icontains(q, autoescape=True) for column in (User.email, User.name)]
        conditions.append(or_(*parts, User.id.in_(select(User.id).where(with_address(q)))))
    if role:
        conditions.append(User.role == role)
    if active is not None:
        conditions.append(User.is_active.is_(active))
    return conditions


def _updated(user: User) -> UserUpdated:
    return UserUpdated(
        user_id=user.id,
        email=user.email,
        name=user.name,
        role=user.role,
        is_active=user.is_active,
        version=user.version,
    )
