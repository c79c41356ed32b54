"""Writing posts, ordering their publication and taking that back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db.constraints import check_row_limit
from shared.errors import FieldError
from shared.schemas.dates import utcnow
from sns_service.accounts.errors import AccountNotFound
from sns_service.accounts.models import Account
from sns_service.networks import media
from sns_service.posts import errors, rules
from sns_service.posts.failures import OUTCOME_UNKNOWN
from sns_service.posts.models import Post
from sns_service.posts.orders import enqueue_publications, remove_jobs

MAX_UNPUBLISHED: Final = 10_000
MAX_POSTS: Final = 100_000
"""Of one user, published ones too: a network of one's own takes as many as one sends."""
EDITABLE = {"draft", "scheduled", "failed"}
MOST_WRONG: Final = 100


@dataclass(frozen=True, slots=True)
class Draft:
    """What a user wants to write for one of their accounts."""

    account_id: int
    content: str
    template_type: str
    media_urls: Sequence[str] = ()
    scheduled_at: datetime | None = None


async def write(
    session: AsyncSession, *, user_id: int, draft: Draft, defaults: media.Defaults
) -> tuple[Post, list[FieldError]]:
    """A new draft, and for what its network would refuse it as it is. Raises AccountNotFound (404), AccountInactive or
    LimitReached (409)."""
    account = (await _accounts(session, user_id, [draft.account_id])).get(draft.account_id)
    if account is None:
        raise AccountNotFound
    if not account.is_active:
        raise errors.AccountInactive
    await _require_room(session, user_id, coming=1)
    post = _post(user_id, draft)
    session.add(post)
    await session.flush()
    return post, _wrongs(account, draft, defaults)


async def write_many(
    session: AsyncSession, *, user_id: int, drafts: Sequence[Draft], defaults: media.Defaults
) -> list[Post]:
    """All of them, scheduled where they have a time. Raises LimitReached (409), or ContentRefused (422) that names
    what is wrong, `MOST_WRONG` of it at most."""
    accounts = await _accounts(session, user_id, {draft.account_id for draft in drafts})
    wrong = list[FieldError]()
    for place, draft in enumerate(drafts):
        found = _wrongs_in_bulk(accounts.get(draft.account_id), draft, defaults)
        wrong += [FieldError(f"posts.{place}.{error.field}", error.message) for error in found]
        if len(wrong) >= MOST_WRONG:
            break
        if place % 100 == 99:
            await asyncio.sleep(0)  # thousands of addresses take a while, and others wait
    if wrong:
        raise errors.ContentRefused(wrong[:MOST_WRONG])
    await _require_room(session, user_id, coming=len(drafts))
    posts = [_post(user_id, draft) for draft in drafts]
    session.add_all(posts)
    await session.flush()
    if scheduled := [post for post in posts if post.status == "scheduled"]:
        await enqueue_publications(session, scheduled)
    return posts


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
    wrong = _wrongs(account, _draft_of(post), defaults)
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
    """Publish a draft or a scheduled post at a time, or now; saying it again changes the time. With the post comes for
    what its network will refuse it: the order is taken all the same, and the attempt fails with that reason.

    Raises PostNotFound (404), NotPublishable, AccountInactive (409) or InvalidTime (422).
    """
    post, account = await _own_and_account(session, post_id=post_id, user_id=user_id)
    if post.status not in {"draft", "scheduled"}:
        raise errors.NotPublishable.of(post.status)
    later = scheduled_at is not None and bool(rules.due(scheduled_at, now=utcnow()))
    _check_active(account)
    await _order(session, post, status="scheduled" if later else "publishing", at=scheduled_at)
    return post, _wrongs(account, _draft_of(post), defaults)


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


async def _require_room(session: AsyncSession, user_id: int, *, coming: int) -> None:
    posts = select(Post.id).where(Post.user_id == user_id)
    unpublished = posts.where(Post.status != "published")
    await check_row_limit(
        session, unpublished, limit=MAX_UNPUBLISHED, what="unpublished posts", coming=coming
    )
    await check_row_limit(session, posts, limit=MAX_POSTS, what="posts", coming=coming)


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


async def _accounts(session: AsyncSession, user_id: int, ids: Any) -> dict[int, Account]:
    # Shared lock: an account that is unlinked at this moment waits, and then calls these posts back.
    query = select(Account).where(
        Account.id.in_(ids), Account.user_id == user_id, Account.deleted_at.is_(None)
    )
    found = await session.scalars(query.order_by(Account.id).with_for_update(read=True))
    return {account.id: account for account in found}


def _wrongs(account: Account, draft: Draft, defaults: media.Defaults) -> list[FieldError]:
    return rules.content_errors(
        account.platform,
        template=draft.template_type,
        content=draft.content,
        media=draft.media_urls,
        defaults=defaults,
    )


def _draft_of(post: Post) -> Draft:
    return Draft(post.account_id, post.content, post.template_type, post.media_urls)


def _wrongs_in_bulk(account: Account | None, draft: Draft, defaults: media.Defaults) -> list[FieldError]:
    """What is scheduled has to be such that its network can publish it; a draft has not."""
    if account is None:
        return [FieldError("account_id", "you have no account with this id")]
    if not account.is_active:
        return [FieldError("account_id", "this account is switched off")]
    if draft.scheduled_at is None:
        return []
    found = _wrongs(account, draft, defaults)
    try:
        rules.due(draft.scheduled_at, now=utcnow())
    except errors.InvalidTime as error:
        found += error.errors
    return found


def _post(user_id: int, draft: Draft) -> Post:
    return Post(
        user_id=user_id,
        account_id=draft.account_id,
        content=draft.content,
        template_type=draft.template_type,
        media_urls=list(draft.media_urls),
        status="draft" if draft.scheduled_at is None else "scheduled",
        scheduled_at=draft.scheduled_at,
        due_at=draft.scheduled_at,
        publication_version=0,
    )
