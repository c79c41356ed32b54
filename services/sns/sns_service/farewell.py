"""What is left to do here when a user has deleted their account."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from sns_service.accounts.models import Account
from sns_service.posts.models import Post
from sns_service.posts.orders import remove_jobs


async def bid_farewell(session: AsyncSession, *, user_id: int) -> None:
    """Erase the user's accounts, credentials and posts; what was scheduled is not published. Again is fine.

    A post that is on its way to its network at this moment may still arrive there.
    """
    posts = list(await session.scalars(select(Post).where(Post.user_id == user_id).with_for_update()))
    await remove_jobs(session, posts)
    await session.execute(delete(Post).where(Post.user_id == user_id))
    await session.execute(delete(Account).where(Account.user_id == user_id))
