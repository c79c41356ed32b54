"""The jobs of posts: made with the order to publish, taken away with its recall."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.jobs import enqueue_many
from shared.schemas.dates import utcnow
from sns_service.posts.models import Post

JOB: Final = "posts.publish"
_EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)
# Two, since each index has the jobs of its own statuses only: pgqueuer's, and ours of the held ones.
REMOVE: Final = text("""
    WITH waiting AS (DELETE FROM pgqueuer WHERE dedupe_key = ANY(:keys) AND status = 'queued')
    DELETE FROM pgqueuer WHERE dedupe_key = ANY(:keys) AND status = 'failed'
""")
_CALL_BACK = text("""
    UPDATE posts SET status = 'draft', resume_at = scheduled_at, scheduled_at = NULL, due_at = NULL, ticket = ticket + 1
    WHERE id IN (
        SELECT id FROM posts WHERE account_id = ANY(:accounts) AND status = 'scheduled'
        ORDER BY scheduled_at, id LIMIT CAST(:most AS bigint) FOR UPDATE
    )
    RETURNING id, ticket - 1 AS publication_version
""")


def job_key(post_id: int, publication_version: int) -> str:
    """Names the job of one order to publish."""
    return f"post:{post_id}:{publication_version}"


def _priority(due: datetime) -> int:
    """Earlier ones first, also when a worker that was away finds many that are due. In seconds, 32 bits."""
    return -int((due - _EPOCH).total_seconds())


async def enqueue_publications(session: AsyncSession, posts: Sequence[Post]) -> None:
    """Have the posts published at their `scheduled_at`, or now."""
    now = await _transaction_start(session) if any(post.scheduled_at for post in posts) else utcnow()
    await enqueue_many(
        session,
        JOB,
        [{"post_id": post.id, "ticket": post.publication_version} for post in posts],
        after=[max((post.scheduled_at or now) - now, timedelta(0)) for post in posts],
        dedupe_keys=[job_key(post.id, post.publication_version) for post in posts],
        priorities=[_priority(post.scheduled_at or now) for post in posts],
    )


async def _transaction_start(session: AsyncSession) -> datetime:
    """From which a job's delay counts: measured from any later moment, posts would appear before their time."""
    return (await session.execute(select(func.now()))).scalar_one()


async def remove_jobs(session: AsyncSession, posts: Iterable[Post]) -> None:
    """Take away the posts' jobs, waiting or held. One that runs just now meets a newer one and does
    nothing."""
    await remove_orders(session, [(post.id, post.publication_version) for post in posts])


async def remove_orders(session: AsyncSession, orders: Iterable[tuple[int, int]]) -> None:
    """As `remove_jobs`, by the posts' ids and publication versions."""
    await session.execute(
        REMOVE, {"keys": [job_key(post_id, publication_version) for post_id, publication_version in orders]}
    )


async def unschedule_all(
    session: AsyncSession, *, account_ids: Sequence[int], most: int | None = None
) -> int:
    """Make drafts of what is scheduled for these accounts, of `most` posts where that is given, the next ones; how
    many. They keep their time, for when the account is linked again. The session's own posts do not learn of it."""
    rows = await session.execute(_CALL_BACK, {"accounts": list(account_ids), "most": most})
    orders = [(row.id, row.publication_version) for row in rows]
    await remove_orders(session, orders)
    return len(orders)
