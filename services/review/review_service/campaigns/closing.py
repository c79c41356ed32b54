"""Campaigns end without anybody's word: their deadline passes, or their creator's account is deleted or deactivated."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from review_service.campaigns.events import CampaignClosed
from review_service.campaigns.models import ALL_CAMPAIGNS, Campaign, campaign_tag
from review_service.search_index import documents
from review_service.tables import Outbox
from shared.cache import Cache
from shared.events.outbox import publish
from shared.runtime import Runtime

AT_A_TIME = 200


async def close_expired(runtime: Runtime) -> int:
    """Close what is past its deadline, a few hundred per transaction. How many.

    Nobody waits for it: who applies or reads looks at the deadline as well.
    """
    closed = 0
    while True:
        async with runtime.database.session() as session:
            now = await close_where(session, runtime.cache, Campaign.deadline <= func.now())
        closed += now
        if now < AT_A_TIME:
            return closed


async def close_of_creators(session: AsyncSession, cache: Cache, creator_ids: Sequence[int]) -> None:
    """Close every open campaign of theirs: their applications can no longer be decided."""
    while await close_where(session, cache, Campaign.creator_id.in_(creator_ids)) == AT_A_TIME:
        pass


async def close_where(session: AsyncSession, cache: Cache, which: ColumnElement[bool]) -> int:
    """Close up to AT_A_TIME open campaigns; those that are being changed at the moment are left for the next time."""
    chosen = (
        select(Campaign.id)
        .where(Campaign.status == "active", which)
        .order_by(Campaign.id)
        .limit(AT_A_TIME)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    statement = (
        update(Campaign)
        .where(Campaign.id.in_(chosen))
        .values(status="closed")
        .returning(Campaign.id, Campaign.creator_id)
        .execution_options(synchronize_session=False)
    )
    rows = (await session.execute(statement)).all()
    ids = [row.id for row in rows]
    await documents.remove(session, ids)
    for row in rows:
        event = CampaignClosed(campaign_id=row.id, creator_id=row.creator_id)
        await publish(session, Outbox, event, key=f"campaign:{row.id}")
    if ids:
        cache.invalidate_after_commit(session, ALL_CAMPAIGNS, *map(campaign_tag, ids))
    return len(ids)
