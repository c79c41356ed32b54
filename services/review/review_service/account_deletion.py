"""What is left to do here when users have deleted their accounts."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from review_service import users
from review_service.applications.models import Application
from review_service.campaigns.service import close_of_creators
from shared.cache import Cache


async def erase_user(session: AsyncSession, *, cache: Cache, user_ids: Sequence[int]) -> None:
    """Erase who they were and what they wrote, and close their campaigns. Again is fine.

    Their applications stay, since places and counts are made of them, without the person.
    """
    await users.erase(session, user_ids)
    await session.execute(
        update(Application).where(Application.user_id.in_(user_ids)).values(message="", sns_link=None)
    )
    await close_of_creators(session, cache, user_ids)
