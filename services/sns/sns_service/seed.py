"""Development data: two accounts of the demo user, who is the user 2 of platform's seed, and a draft."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select

from shared.runtime import Runtime
from sns_service.accounts.models import Account
from sns_service.posts.models import Post

DEMO_USER: Final = 2
ACCOUNTS: Final = (("instagram", "softfactory.demo"), ("blog", "softfactory-demo"))
DRAFT: Final = "Welcome to our blog\n\nWritten once, published everywhere on time."


async def seed(runtime: Runtime) -> None:
    """Link the accounts, unless the user has any; they publish to the fake networks of the development stack."""
    async with runtime.database.session() as session:
        if await session.scalar(select(Account.id).where(Account.user_id == DEMO_USER).limit(1)):
            return
        accounts = [
            Account(user_id=DEMO_USER, platform=platform, account_name=name) for platform, name in ACCOUNTS
        ]
        session.add_all(accounts)
        await session.flush()
        session.add(
            Post(user_id=DEMO_USER, account_id=accounts[-1].id, content=DRAFT, template_type="blog_post")
        )
