"""Linking accounts and letting go of them. Their posts stay, and come back with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db.constraints import check_row_limit, translate
from shared.encryption import Cipher
from shared.schemas.dates import utcnow
from sns_service.accounts.errors import AccountExists
from sns_service.accounts.models import ONE_OF_A_NAME, Account
from sns_service.accounts.service import give_credentials, own
from sns_service.linking.resuming import Resumed, resume
from sns_service.networks.registry import network_of
from sns_service.posts.models import Post
from sns_service.posts.orders import unschedule_all

MAX_ACCOUNTS: Final = 200
"""That a user has linked at a time."""


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
