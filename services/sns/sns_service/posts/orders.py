"""The jobs of posts: made with the order to publish, taken away with its recall."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.clock import utcnow
from shared.jobs import enqueue_many
from sns_service.posts.models import Post

JOB: Final = "posts.publish"
_EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)
_REMOVE = text("DELETE FROM pgqueuer WHERE dedupe_key = ANY(:keys) AND status IN ('queued', 'failed')")


def job_key(post_id: int, ticket: int) -> str:
    """Names the job of one order to publish."""
    return f"post:{post_id}:{ticket}"


def _priority(due: datetime) -> int:
    """Earlier ones first, also when a worker that was away finds many that are due. In seconds, 32 bits."""
    return -int((due - _EPOCH).total_seconds())


async def enqueue_publications(session: AsyncSession, posts: Sequence[Post]) -> None:
    """Have the posts published at their `scheduled_at`, or now."""
    now = await _transaction_start(session) if any(post.scheduled_at for post in posts) else utcnow()
    await enqueue_many(
        session,
        JOB,
        [{"post_id": post.id, "ticket": post.ticket} for post in posts],
        after=[max((post.scheduled_at or now) - now, timedelta(0)) for post in posts],
        dedupe_keys=[job_key(post.id, post.ticket) for post in posts],
        priorities=[_priority(post.scheduled_at or now) for post in posts],
    )


async def _transaction_start(session: AsyncSession) -> datetime:
    """From which a job's delay counts: measured from any later moment, posts would appear before their time."""
    return (await session.execute(select(func.now()))).scalar_one()


async def remove_jobs(session: AsyncSession, posts: Iterable[Post]) -> None:
    """Take away the posts' jobs, waiting or held. One that runs just now meets a newer ticket and does nothing."""
    await session.execute(_REMOVE, {"keys": [job_key(post.id, post.ticket) for post in posts]})


async def call_back_all(session: AsyncSession, *, account_ids: Sequence[int]) -> int:
    """Make drafts of what is scheduled for these accounts; how many."""
    query = (
        select(Post)
        .where(Post.account_id.in_(account_ids), Post.status == "scheduled")
        .order_by(Post.id)
        .with_for_update()
    )
    posts = list(await session.scalars(query))
    await remove_jobs(session, posts)
    for post in posts:
        post.status, post.scheduled_at, post.ticket = "draft", None, post.ticket + 1
    await session.flush()
    return len(posts)
