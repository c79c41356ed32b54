"""Finding a user by the address, freeing an address, and the lock under which one user's changes go one by one."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from platform_service.users.models import User
from shared.schemas.emails import fold_address

ADDRESS_IS_TAKEN: Final = ("uq_users_email", "uq_users_address")
"""The constraints that say so. The first one compares case alone; the release before looks accounts up by it."""


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
