"""Changing posts, ordering their publication and taking that back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.errors import FieldError
from shared.schemas.dates import utcnow
from sns_service.accounts.models import Account
from sns_service.networks import media
from sns_service.posts import errors, rules
from sns_service.posts.drafts import content_flaws, draft_of
from sns_service.posts.errors import OUTCOME_UNKNOWN
from sns_service.posts.models import Post
from sns_service.posts.orders import enqueue_publications, remove_jobs

EDITABLE = {"draft", "scheduled", "failed"}


async def change(
    session: AsyncSession, *, post_id: int, user_id: int, changes: Mapping[str, Any], defaults: media.Defaults
) -> Post:
    """Change what a post says. A draft may say what its network refuses; what was ordered may not.

    Raises PostNotFound (404), NotEditable, MayBePublic (409) or ContentRefused (422).
    """
    post = await own(session, post_id=post_id, user_id=user_id)
    if post.status not in EDITABLE:
        raise errors.NotEditable.of(post.status)
    if post.outcome_unknown:
        raise errors.MayBePublic
    for name, value in changes.items():
        setattr(post, name, value)
    account = await session.get_one(Account, post.account_id)
    wrong = content_flaws(account, draft_of(post), defaults)
    if wrong and post.status != "draft":
        raise errors.ContentRefused(wrong)
    post.progress = {}
    return post


async def publish(
    session: AsyncSession,
    *,
    post_id: int,
    user_id: int,
    scheduled_at: datetime | None,
    defaults: media.Defaults,
) -> tuple[Post, list[FieldError]]:
    """Publish a draft or a scheduled post at a time, or now; saying it again changes the time. Returned with it is what
    its network will refuse: the order is taken all the same, and the attempt fails with that reason.

    Raises PostNotFound (404), NotPublishable, AccountInactive (409) or InvalidTime (422).
    """
    post, account = await _own_and_account(session, post_id=post_id, user_id=user_id)
    if post.status not in {"draft", "scheduled"}:
        raise errors.NotPublishable.of(post.status)
    later = scheduled_at is not None and bool(rules.due(scheduled_at, now=utcnow()))
    _check_active(account)
    await _order(session, post, status="scheduled" if later else "publishing", at=scheduled_at)
    return post, content_flaws(account, draft_of(post), defaults)


async def unschedule(session: AsyncSession, *, post_id: int, user_id: int) -> Post:
    """Make a draft of a scheduled post. Raises PostNotFound (404) or NotScheduled (409)."""
    post = await own(session, post_id=post_id, user_id=user_id)
    if post.status != "scheduled":
        raise errors.NotScheduled.of(post.status)
    await remove_jobs(session, [post])
    post.status, post.scheduled_at, post.publication_version = "draft", None, post.publication_version + 1
    return post


async def retry(session: AsyncSession, *, post_id: int, user_id: int | None, confirm: bool = False) -> Post:
    """Publish a failed post again, from its first try. `user_id` None is an operator.

    Raises PostNotFound (404), NotFailed, AccountInactive or, unless `confirm`, OutcomeUnknown (409).
    """
    post, account = await _own_and_account(session, post_id=post_id, user_id=user_id)
    if post.status != "failed":
        raise errors.NotFailed.of(post.status)
    if post.failure_code == OUTCOME_UNKNOWN:
        if not confirm:
            raise errors.OutcomeUnknown
        post.outcome_unknown, post.progress = False, {}
    _check_active(account)
    await _order(session, post, status="publishing", at=None)
    return post


async def delete(session: AsyncSession, *, post_id: int, user_id: int) -> None:
    """Raises PostNotFound (404) or NotDeletable (409)."""
    post = await own(session, post_id=post_id, user_id=user_id)
    if post.status not in EDITABLE:
        raise errors.NotDeletable.of(post.status)
    await remove_jobs(session, [post])
    await session.delete(post)


async def own(session: AsyncSession, *, post_id: int, user_id: int | None) -> Post:
    """The user's post, which nobody else changes until the transaction ends. Raises PostNotFound (404)."""
    query = select(Post).where(Post.id == post_id).with_for_update()
    post = await session.scalar(query if user_id is None else query.where(Post.user_id == user_id))
    if post is None:
        raise errors.PostNotFound
    return post


async def _order(session: AsyncSession, post: Post, *, status: rules.Status, at: datetime | None) -> None:
    await remove_jobs(session, [post])
    post.status, post.scheduled_at, post.due_at = status, at, at or utcnow()
    post.publication_version, post.tries = post.publication_version + 1, 0
    post.failure_code = post.failure = post.resume_at = None
    await session.flush()
    await enqueue_publications(session, [post])


async def _own_and_account(
    session: AsyncSession, *, post_id: int, user_id: int | None
) -> tuple[Post, Account]:
    """As `own`, and its account, which is not unlinked until the transaction ends. Locked in the order of who unlinks:
    the account, then its posts."""
    query = select(Account).join(Post).where(Post.id == post_id).with_for_update(read=True, of=Account)
    account = await session.scalar(query if user_id is None else query.where(Post.user_id == user_id))
    if account is None:
        raise errors.PostNotFound
    return await own(session, post_id=post_id, user_id=user_id), account


def _check_active(account: Account) -> None:
    if account.deleted_at is not None or not account.is_active:
        raise errors.AccountInactive
