"""Freeing seats: of enrollments that end, have run out, or whose student has had no subscription for some days.

Not at once without a subscription: a card that was declined, or a copy of entitlements that is being rebuilt, is mended
within days.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from ai_service.bootcamp import rules
from ai_service.bootcamp.catalogue import SEATS
from ai_service.bootcamp.models import BootcampPlan, Enrollment
from ai_service.tables import Entitlement
from shared.cache import Cache

PRODUCT: Final = "webapp-builder"


async def leave(
    session: AsyncSession, cache: Cache, enrollment: Enrollment, status: rules.EnrollmentStatus
) -> None:
    """End a locked enrollment and free its seat."""
    enrollment.status = status
    await session.flush()
    await session.execute(
        update(BootcampPlan)
        .where(BootcampPlan.slug == enrollment.plan_type)
        .values(taken=BootcampPlan.taken - 1)
    )
    cache.invalidate_after_commit(session, SEATS)


async def end_past(session: AsyncSession, *, cache: Cache, now: datetime, user_id: int | None = None) -> int:
    """Complete what has run out, everybody's or one user's, and free the seats. How many."""
    query = select(Enrollment).where(Enrollment.status == "active", Enrollment.end_date <= now)
    if user_id is not None:
        query = query.where(Enrollment.user_id == user_id)
    past = list(await session.scalars(query.order_by(Enrollment.id).with_for_update(skip_locked=True)))
    for enrollment in sorted(past, key=lambda found: (found.plan_type, found.id)):
        await leave(session, cache, enrollment, "completed")
    return len(past)


async def end_unpaid(session: AsyncSession, *, cache: Cache, now: datetime, grace: timedelta) -> int:
    """Note since when students are without a subscription, and cancel after `grace`. How many it canceled.

    There are as many students as seats, so one transaction holds them all.
    """
    paid = exists().where(
        Entitlement.user_id == Enrollment.user_id,
        Entitlement.product == PRODUCT,
        Entitlement.active,
        or_(Entitlement.valid_until.is_(None), Entitlement.valid_until > now),
    )
    active = Enrollment.status == "active"
    noted = update(Enrollment).execution_options(synchronize_session=False)
    await session.execute(
        noted.where(active, ~paid, Enrollment.unpaid_since.is_(None)).values(unpaid_since=now)
    )
    await session.execute(
        noted.where(active, paid, Enrollment.unpaid_since.is_not(None)).values(unpaid_since=None)
    )
    overdue = select(Enrollment).where(active, Enrollment.unpaid_since <= now - grace)
    ended = list(await session.scalars(overdue.with_for_update(skip_locked=True)))
    for enrollment in sorted(ended, key=lambda found: (found.plan_type, found.id)):
        await leave(session, cache, enrollment, "canceled")
    return len(ended)
