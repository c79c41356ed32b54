"""Users as last committed, whose an address is, and the lock under which one user's changes go one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from platform_service.tables import AnySelect
from platform_service.users.models import Role, User
from shared.db.database import Database
from shared.schemas.emails import fold_address

ADDRESS_IS_TAKEN: Final = ("uq_users_email", "uq_users_address")
"""The constraints that say so. The first one compares case alone; the release before looks accounts up by it."""


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user with what a login checks, in the order of the columns that are read."""

    id: int
    email: str
    name: str
    role: Role
    created_at: datetime
    is_active: bool
    password_hash: str
    session_epoch: int


_USER: Final = (
    User.id,
    User.email,
    User.name,
    User.role,
    User.created_at,
    User.is_active,
    User.password_hash,
    User.session_epoch,
)


async def lock_user(session: AsyncSession, user_id: int) -> User | None:
    """The user as it is now, locked until the transaction ends; None where there is none.

    The lock leaves room for rows that only refer to the user.
    """
    return await session.get(User, user_id, with_for_update={"key_share": True}, populate_existing=True)


def with_address(address: str) -> ColumnElement[bool]:
    """Who has this address, however it is spelled. The key is the one by which failed logins are counted."""
    return (func.fold_address(User.email) == fold_address(address)) & User.deleted_at.is_(None)


async def give_up_address(session: AsyncSession, user: User) -> None:
    """Free the address of a user who is deleted; where another account has it too, that one has it alone now.

    What takes its place has no @, so nobody can register it.
    """
    address, user.email, user.email_twin = user.email, f"deleted-{user.id}", 0
    await session.flush()
    first = select(User.id).where(with_address(address)).order_by(User.email_twin).limit(1).scalar_subquery()
    await session.execute(update(User).where(User.id == first, User.email_twin > 0).values(email_twin=0))


async def user_by_id(database: Database, user_id: int) -> UserRow | None:
    """A user as last committed; None where there is none."""
    return next(iter(await _users(database, User.id == user_id)), None)


async def users_by_email(database: Database, email: str) -> Sequence[UserRow]:
    """Who has this address: nobody or one; more where accounts were made before spellings were compared as now. The
    one who spelled it like this comes first."""
    return await _users(database, with_address(email), User.email != email, User.email_twin)


async def _users(
    database: Database,
    condition: ColumnElement[bool],
    *order: ColumnElement[Any] | InstrumentedAttribute[Any],
) -> Sequence[UserRow]:
    statement: AnySelect = select(*_USER).where(condition).order_by(*order)
    async with database.read(fresh=True) as connection:
        return [UserRow(*row) for row in await connection.execute(statement)]
