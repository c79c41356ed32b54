"""A net below the queue: a post that is to be published and has no job gets one. Nothing should ever fall into it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

from sqlalchemy import Select, TextClause, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import load_only

from shared.runtime import Runtime
from sns_service.posts.models import Post
from sns_service.posts.orders import JOB, enqueue_publications

logger = logging.getLogger(__name__)

MOST: Final = 500
# Apart, for each has an index of its own: among a hundred thousand that are scheduled few are overdue.
UNDER_WAY = text("status = 'publishing'")
OVERDUE = text("status = 'scheduled' AND scheduled_at < now() - interval '30 seconds'")
_WITHOUT_JOB = text("""
    NOT EXISTS (
        SELECT FROM pgqueuer WHERE dedupe_key = 'post:' || posts.id || ':' || posts.ticket
        AND pgqueuer.status IN ('queued', 'picked')
    )
""")
# A post that is retried in the moment in which its job is put by leaves that job behind. The key names the post.
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


async def sweep(runtime: Runtime) -> int:
    """Enqueue such posts again, at most MOST of each kind; how many. Also forgets held jobs of posts that have not
    failed any more."""
    async with runtime.database.session() as session:
        posts = [post for kind in (UNDER_WAY, OVERDUE) for post in await _find(session, kind)]
        if posts:
            logger.warning("%s posts no longer had a job: %s", len(posts), [post.id for post in posts])
            await enqueue_publications(session, posts)
    async with runtime.database.session() as session:
        await session.execute(_OUTDATED, {"job": JOB, "most": MOST})
    return len(posts)


async def _find(session: AsyncSession, kind: TextClause) -> Sequence[Post]:
    return (await session.scalars(without_job(kind).with_for_update(skip_locked=True))).all()


def without_job(kind: TextClause) -> Select[Post]:
    """Posts of that kind, with what their new jobs need to know."""
    needed = load_only(Post.publication_version, Post.scheduled_at)
    return select(Post).options(needed).where(kind, _WITHOUT_JOB).limit(MOST)
