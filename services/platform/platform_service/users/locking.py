"""The lock under which one user's changes go one after the other."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from platform_service.users.models import User


async def lock_user(session: AsyncSession, user_id: int) -> User | None:
    """The user as it is now, locked until the transaction ends; None where there is none.

    The lock leaves room for rows that only refer to the user.
    """
    return await session.get(User, user_id, with_for_update={"key_share": True}, populate_existing=True)
