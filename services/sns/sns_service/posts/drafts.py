"""Writing posts, one or many at once: whose they are, how many there may be, and what their networks would refuse."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
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
from sns_service.posts.models import Post
from sns_service.posts.orders import enqueue_publications

MAX_UNPUBLISHED: Final = 10_000
MAX_POSTS: Final = 100_000
"""Of one user, published ones too: a network of one's own takes as many as one sends."""
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
    """A new draft, and what its network would refuse of it. Raises AccountNotFound (404), AccountInactive or
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
    return post, content_flaws(account, draft, defaults)


async def write_many(
    session: AsyncSession, *, user_id: int, drafts: Sequence[Draft], defaults: media.Defaults
) -> list[Post]:
    """All of them, scheduled where they have a time. Raises LimitReached (409), or ContentRefused (422) that names
    what is wrong, `MOST_WRONG` of it at most."""
    accounts = await _accounts(session, user_id, {draft.account_id for draft in drafts})
    wrong = list[FieldError]()
    for place, draft in enumerate(drafts):
        found = _flaws_in_bulk(accounts.get(draft.account_id), draft, defaults)
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


def content_flaws(account: Account, draft: Draft, defaults: media.Defaults) -> list[FieldError]:
    return rules.content_errors(
        account.platform,
        template=draft.template_type,
        content=draft.content,
        media=draft.media_urls,
        defaults=defaults,
    )


def draft_of(post: Post) -> Draft:
    return Draft(post.account_id, post.content, post.template_type, post.media_urls)


async def _require_room(session: AsyncSession, user_id: int, *, coming: int) -> None:
    posts = select(Post.id).where(Post.user_id == user_id)
    unpublished = posts.where(Post.status != "published")
    await check_row_limit(
        session, unpublished, limit=MAX_UNPUBLISHED, what="unpublished posts", coming=coming
    )
    await check_row_limit(session, posts, limit=MAX_POSTS, what="posts", coming=coming)


async def _accounts(session: AsyncSession, user_id: int, ids: Any) -> dict[int, Account]:
    # Shared lock: an account that is unlinked at this moment waits, and then unschedules these posts.
    query = select(Account).where(
        Account.id.in_(ids), Account.user_id == user_id, Account.deleted_at.is_(None)
    )
    found = await session.scalars(query.order_by(Account.id).with_for_update(read=True))
    return {account.id: account for account in found}


def _flaws_in_bulk(account: Account | None, draft: Draft, defaults: media.Defaults) -> list[FieldError]:
    """What is scheduled has to be such that its network can publish it; a draft has not."""
    if account is None:
        return [FieldError("account_id", "you have no account with this id")]
    if not account.is_active:
        return [FieldError("account_id", "this account is switched off")]
    if draft.scheduled_at is None:
        return []
    found = content_flaws(account, draft, defaults)
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
