"""A net below the queue: a post that is to be published and has no job gets one. Nothing should ever fall into it."""

from __future__ import annotations

import logging
from typing import Final

from sqlalchemy import select, text

from shared.runtime import Runtime
from sns_service.posts.models import Post
from sns_service.posts.orders import JOB, enqueue_publications

logger = logging.getLogger(__name__)

MOST: Final = 500
_WITHOUT_JOB = text("""
    (status = 'publishing' OR status = 'scheduled' AND scheduled_at < now() - interval '30 seconds')
    AND NOT EXISTS (
        SELECT FROM pgqueuer WHERE dedupe_key = 'post:' || posts.id || ':' || posts.ticket
        AND pgqueuer.status IN ('queued', 'picked')
    )
""")
# A post that is retried in the moment in which its job is put by leaves that job behind.
_OUTDATED = text("""
    DELETE FROM pgqueuer WHERE status = 'failed' AND entrypoint = :job AND NOT EXISTS (
        SELECT FROM posts
        WHERE posts.status = 'failed' AND pgqueuer.dedupe_key = 'post:' || posts.id || ':' || posts.ticket
    )
""")


async def sweep(runtime: Runtime) -> int:
    """Enqueue such posts again; how many. Also forgets held jobs of posts that have not failed any more."""
    query = select(Post).where(_WITHOUT_JOB).order_by(Post.id).limit(MOST)
    async with runtime.database.session() as session:
        posts = list(await session.scalars(query.with_for_update(skip_locked=True)))
        if posts:
            logger.warning("%s posts had no job any more: %s", len(posts), [post.id for post in posts])
            await enqueue_publications(session, posts)
        await session.execute(_OUTDATED, {"job": JOB})
    return len(posts)
