"""Linking accounts and letting go of them. Their posts stay, and come back with them.

What was scheduled is so once more when its account is linked again, unless its time has passed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, exists, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db.constraints import check_row_limit, translate
from shared.encryption import Cipher
from shared.events.outbox import publish_many
from shared.schemas.dates import utcnow
from sns_service.accounts.errors import AccountExists
from sns_service.accounts.models import ONE_OF_A_NAME, Account
from sns_service.accounts.service import give_credentials, own
from sns_service.networks.registry import network_of
from sns_service.posts.errors import MISSED, with_next_step
from sns_service.posts.events import PostFailed
from sns_service.posts.models import Post
from sns_service.posts.orders import enqueue_publications, unschedule_all
from sns_service.tables import Outbox

MAX_ACCOUNTS: Final = 200
"""That a user has linked at a time."""
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


async def link(
    session: AsyncSession,
    *,
    cipher: Cipher,
    user_id: int,
    platform: str,
    account_name: str,
    credentials: Mapping[str, str] | None,
) -> tuple[Account, Resumed]:
    """A new account, or the one of this name that was unlinked, with its posts; what became of those.

    Raises AccountExists, LimitReached (409) or WrongCredentials (422).
    """
    await _forget_unlinked(session, user_id)
    network = network_of(platform)
    linked = select(Account.id).where(Account.user_id == user_id, Account.deleted_at.is_(None))
    await check_row_limit(session, linked, limit=MAX_ACCOUNTS, what="accounts")
    account = await _unlinked(session, user_id, network, account_name)
    known = account is not None
    if account is None:
        account = Account(user_id=user_id, platform=network)
        session.add(account)
    account.account_name, account.is_active = account_name, True
    account.linked_as = None if platform == network else platform
    account.deleted_at = account.paused_until = account.renewing_until = None
    give_credentials(account, cipher, credentials)
    with translate({ONE_OF_A_NAME: AccountExists}):
        await session.flush()
    return account, await resume(session, account) if known else Resumed()


async def unlink(session: AsyncSession, *, account_id: int, user_id: int) -> int:
    """Forget an account and its credentials; what was scheduled there becomes a draft again, and how many that are.

    Its posts stay to be read, and go on where an account of its name is linked again. Raises AccountNotFound (404).
    """
    account = await own(session, account_id=account_id, user_id=user_id, lock=True)
    account.credentials, account.renew_at = None, None
    account.is_active, account.deleted_at = False, utcnow()
    await session.flush()
    return await unschedule_all(session, account_ids=[account.id])


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


async def _forget_unlinked(session: AsyncSession, user_id: int) -> None:
    """An unlinked account is kept for its posts: one without posts is deleted."""
    has_posts = exists().where(Post.account_id == Account.id)
    await session.execute(
        delete(Account).where(Account.user_id == user_id, Account.deleted_at.is_not(None), ~has_posts)
    )


async def _unlinked(session: AsyncSession, user_id: int, platform: str, account_name: str) -> Account | None:
    """The account of this name that was unlinked last, which nobody else links meanwhile. It gets all posts of that
    name: releases before made a new account each time."""
    query = select(Account).where(
        Account.user_id == user_id,
        Account.platform == platform,
        func.lower(Account.account_name) == func.lower(account_name),
        Account.deleted_at.is_not(None),
    )
    latest = query.order_by(Account.deleted_at.desc(), Account.id.desc()).with_for_update()
    found = (await session.scalars(latest)).all()
    if len(found) > 1:
        others = [account.id for account in found[1:]]
        await session.execute(update(Post).where(Post.account_id.in_(others)).values(account_id=found[0].id))
    return found[0] if found else None


def _posts(count: int) -> str:
    return "1 post is" if count == 1 else f"{count} posts are"
