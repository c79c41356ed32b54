"""Posts of an account that is linked again: what was scheduled is so once more, unless its time has passed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared.events.outbox import publish_many
from sns_service.accounts.models import Account
from sns_service.posts.events import PostFailed
from sns_service.posts.failures import MISSED, with_next_step
from sns_service.posts.models import Post
from sns_service.posts.orders import enqueue_publications
from sns_service.tables import Outbox

MISSED_REASON: Final = "Its time passed while the account was unlinked"
# The account's row is locked by who links it: nobody else orders or recalls its posts meanwhile.
_SCHEDULE: Final = (
    update(Post)
    .where(Post.status == "draft", Post.resume_at > func.now())
    .values(
        status="scheduled",
        scheduled_at=Post.resume_at,
        due_at=Post.resume_at,
        resume_at=None,
        publication_version=Post.publication_version + 1,
        tries=0,
    )
    .returning(Post)
)
_FAIL: Final = (
    update(Post)
    .where(Post.status == "draft", Post.resume_at <= func.now())
    .values(
        status="failed", failure_code=MISSED, failure=with_next_step(MISSED, MISSED_REASON), resume_at=None
    )
    .returning(Post.id)
)
# Its counts were not asked for any more; the next run says when to ask again, or that the post is too old.
_MEASURE: Final = text("""
    UPDATE posts SET measure_at = now()
    WHERE account_id = :account AND status = 'published' AND measure_at IS NULL AND network_id <> ''
        AND published_at > now() - interval '90 days'
""")


@dataclass(frozen=True, slots=True)
class Resumed:
    """How many posts are scheduled again, and how many have failed because their time has passed."""

    scheduled: int = 0
    missed: int = 0

    def __str__(self) -> str:
        parts = []
        if self.scheduled:
            parts.append(f"{_posts(self.scheduled)} scheduled again.")
        if self.missed:
            parts.append(f"{_posts(self.missed)} overdue and failed: retry or delete.")
        return " ".join(parts)


async def resume(session: AsyncSession, account: Account) -> Resumed:
    """Take back the posts of an account that was unlinked, in the caller's transaction, and tell what failed."""
    mine = Post.account_id == account.id
    scheduled = (await session.scalars(_SCHEDULE.where(mine))).all()
    if scheduled:
        await enqueue_publications(session, scheduled)
    missed = (await session.scalars(_FAIL.where(mine))).all()
    await session.execute(_MEASURE, {"account": account.id})
    about = {"user_id": account.user_id, "account_id": account.id, "platform": account.platform}
    reason = with_next_step(MISSED, MISSED_REASON)
    await publish_many(
        session,
        Outbox,
        [
            (f"post:{post_id}", PostFailed(post_id=post_id, code=MISSED, reason=reason, **about))
            for post_id in missed
        ],
    )
    return Resumed(len(scheduled), len(missed))


def _posts(count: int) -> str:
    return "1 post is" if count == 1 else f"{count} posts are"
