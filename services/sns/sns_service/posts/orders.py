"""The jobs of posts: made with the order to publish, taken away with its recall.

Below the queue is a net: a post that is to be published and has no job gets one. Nothing should ever fall into it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Select, TextClause, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import load_only

from shared.db.database import Database
from shared.jobs import enqueue_many
from shared.schemas.dates import utcnow
from sns_service.posts.models import Post

logger = logging.getLogger(__name__)

JOB: Final = "posts.publish"
_EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)
# Two, since each index has the jobs of its own statuses only: pgqueuer's, and ours of the held ones.
REMOVE: Final = text("""
    WITH waiting AS (DELETE FROM pgqueuer WHERE dedupe_key = ANY(:keys) AND status = 'queued')
    DELETE FROM pgqueuer WHERE dedupe_key = ANY(:keys) AND status = 'failed'
""")
_UNSCHEDULE = text("""
    UPDATE posts SET status = 'draft', resume_at = scheduled_at, scheduled_at = NULL, due_at = NULL, ticket = ticket + 1
    WHERE id IN (
        SELECT id FROM posts WHERE account_id = ANY(:accounts) AND status = 'scheduled'
        ORDER BY scheduled_at, id LIMIT CAST(:most AS bigint) FOR UPDATE
    )
    RETURNING id, ticket - 1 AS publication_version
""")
SWEPT_AT_ONCE: Final = 500
# Apart, for each has an index of its own: among a hundred thousand that are scheduled few are overdue.
UNDER_WAY = text("status = 'publishing'")
OVERDUE = text("status = 'scheduled' AND scheduled_at < now() - interval '30 seconds'")
_WITHOUT_JOB = text("""
    NOT EXISTS (
        SELECT FROM pgqueuer WHERE dedupe_key = 'post:' || posts.id || ':' || posts.ticket
        AND pgqueuer.status IN ('queued', 'picked')
    )
""")
# A post that is retried at the moment at which its job is held leaves that job behind. The key names the post.
_OUTDATED = text("""
    DELETE FROM pgqueuer WHERE id IN (
        SELECT held.id FROM pgqueuer AS held
        WHERE held.status = 'failed' AND held.entrypoint = :job AND held.updated < now() - interval '1 minute'
        AND NOT EXISTS (
            SELECT FROM posts
            WHERE posts.id = CAST(split_part(held.dedupe_key, ':', 2) AS bigint)
            AND posts.ticket = CAST(split_part(held.dedupe_key, ':', 3) AS integer) AND posts.status = 'failed'
        )
        LIMIT :most
    )
""")


def job_key(post_id: int, publication_version: int) -> str:
    """Names the job of one order to publish."""
    return f"post:{post_id}:{publication_version}"


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


async def remove_jobs(session: AsyncSession, posts: Iterable[Post]) -> None:
    """Take away the posts' jobs, waiting or held. One that is running meets a newer publication version and does
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
    rows = await session.execute(_UNSCHEDULE, {"accounts": list(account_ids), "most": most})
    orders = [(row.id, row.publication_version) for row in rows]
    await remove_orders(session, orders)
    return len(orders)


async def sweep(database: Database) -> int:
    """Enqueue posts that have lost their job, at most SWEPT_AT_ONCE of each kind; how many. Also forgets held jobs of
    posts that are no longer failed."""
    async with database.session() as session:
        posts = [post for kind in (UNDER_WAY, OVERDUE) for post in await _find(session, kind)]
        if posts:
            logger.warning("%s posts no longer had a job: %s", len(posts), [post.id for post in posts])
            await enqueue_publications(session, posts)
    async with database.session() as session:
        await session.execute(_OUTDATED, {"job": JOB, "most": SWEPT_AT_ONCE})
    return len(posts)


def without_job(kind: TextClause) -> Select[Post]:
    """Posts of that kind, with what their new jobs need to know."""
    needed = load_only(Post.publication_version, Post.scheduled_at)
    return select(Post).options(needed).where(kind, _WITHOUT_JOB).limit(SWEPT_AT_ONCE)


def _priority(due: datetime) -> int:
    """Earlier ones first, also when a worker that was away finds many that are due. In seconds, 32 bits."""
    return -int((due - _EPOCH).total_seconds())


async def _transaction_start(session: AsyncSession) -> datetime:
    """From which a job's delay counts: measured from any later moment, posts would appear before their time."""
    return (await session.execute(select(func.now()))).scalar_one()


async def _find(session: AsyncSession, kind: TextClause) -> Sequence[Post]:
    return (await session.scalars(without_job(kind).with_for_update(skip_locked=True))).all()
