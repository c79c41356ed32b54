"""What an administrator does with users."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from platform_service.auth.revocation import end_all_sessions
from platform_service.resources import Resources
from platform_service.subscriptions.models import Subscription
from platform_service.tables import AnySelect, Outbox
from platform_service.users.addresses import with_address
from platform_service.users.errors import OwnAccount, UnknownUser
from platform_service.users.events import UserUpdated
from platform_service.users.locking import lock_user
from platform_service.users.models import User
from platform_service.users.schemas import user_shape
from shared.db.database import Database
from shared.events.outbox import publish


async def page_of_users(
    database: Database,
    *,
    q: str | None = None,
    role: str | None = None,
    active: bool | None = None,
    offset: int = 0,
    limit: int = 20,
) -> tuple[list[dict[str, Any]], int]:
    """Users, the newest first, and how many there are in all. `q` is a part of the name or the address."""
    matching = _matching(q=q, role=role, active=active)
    subscriptions = select(func.count()).where(Subscription.user_id == User.id, _counts()).scalar_subquery()
    page = matching.add_columns(subscriptions.label("active_subscriptions"))
    async with database.read(fresh=True) as connection:
        total = await connection.scalar(select(func.count()).select_from(matching.subquery()))
        rows = await connection.execute(page.order_by(User.id.desc()).offset(offset).limit(limit))
        return [_listed(row, row.active_subscriptions) for row in rows], total or 0


async def change_user(
    session: AsyncSession,
    resources: Resources,
    *,
    admin_id: int,
    user_id: int,
    role: str | None,
    is_active: bool | None,
) -> dict[str, Any]:
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
        await end_all_sessions(session, resources, user)
    active = select(func.count()).where(Subscription.user_id == user_id, _counts())
    return _listed(user, await session.scalar(active))


def _counts() -> Any:
    return (Subscription.status == "active") & Subscription.suspended_at.is_(None)


def _matching(*, q: str | None, role: str | None, active: bool | None) -> AnySelect:
    statement = select(User.id, User.email, User.name, User.role, User.created_at, User.is_active).where(
        User.deleted_at.is_(None)
    )
    if q:
        parts = [column.icontains(q, autoescape=True) for column in (User.email, User.name)]
        statement = statement.where(or_(*parts, User.id.in_(select(User.id).where(with_address(q)))))
    if role:
        statement = statement.where(User.role == role)
    return statement if active is None else statement.where(User.is_active.is_(active))


def _listed(row: Any, active_subscriptions: int | None) -> dict[str, Any]:
    return {**user_shape(row), "is_active": row.is_active, "active_subscriptions": active_subscriptions or 0}


def _updated(user: User) -> UserUpdated:
    return UserUpdated(
        user_id=user.id,
        email=user.email,
        name=user.name,
        role=user.role,
        is_active=user.is_active,
        version=user.version,
    )
