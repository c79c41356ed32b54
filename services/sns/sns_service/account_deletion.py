"""What is left to do here when a user has deleted their account: shut out at once, erased by a job.

From the first commit on no account of theirs can be published to, whatever its posts' jobs do. A post whose attempt is
under way at this moment may still arrive at its network; its row is gone then, and so nothing is tried again or told.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db.database import Database
from shared.jobs import enqueue
from sns_service.accounts.models import Account
from sns_service.posts.models import Post
from sns_service.posts.orders import remove_orders, unschedule_all

JOB: Final = "users.erase"
AT_A_TIME: Final = 500
"""Posts that are deleted by one transaction."""
UNSCHEDULED_AT_ONCE: Final = 2000
"""Scheduled posts, the next ones, that become drafts at once; the others fail should they be due before their
deletion."""


async def erase_user(session: AsyncSession, *, user_id: int) -> None:
    """Erase the user's credentials, unschedule the next posts, and have the rest deleted. Again is fine.

    It is quick, however much they have: the transaction may be that of several events.
    """
    account_ids = await _unlink_all(session, user_id)
    await unschedule_all(session, account_ids=account_ids, most=UNSCHEDULED_AT_ONCE)
    await enqueue(session, JOB, {"user_id": user_id}, dedupe_key=f"erase:{user_id}")


async def erase(database: Database, *, user_id: int) -> None:
    """What the job does: delete the user's posts, a few in each transaction, and then their accounts. Again is fine."""
    async with database.session() as session:
        await _unlink_all(session, user_id)  # what was linked or written while they left
    while await _erase_some(database, user_id):
        pass
    async with database.session() as session:
        await session.execute(delete(Account).where(Account.user_id == user_id))


async def _unlink_all(session: AsyncSession, user_id: int) -> Sequence[int]:
    """Every account of theirs, without credentials and of no use now."""
    statement = update(Account).where(Account.user_id == user_id).returning(Account.id)
    gone = func.coalesce(Account.deleted_at, func.now())
    values = {"credentials": None, "renew_at": None, "is_active": False, "deleted_at": gone}
    return (await session.scalars(statement.values(values))).all()


async def _erase_some(database: Database, user_id: int) -> bool:
    """Whether there were any."""
    query = (
        select(Post.id, Post.publication_version)
        .where(Post.user_id == user_id)
        .order_by(Post.id)
        .limit(AT_A_TIME)
    )
    async with database.session() as session:
        orders = [(row.id, row.publication_version) for row in await session.execute(query.with_for_update())]
        await remove_orders(session, orders)
        await session.execute(delete(Post).where(Post.id.in_([post_id for post_id, _ in orders])))
    return bool(orders)
