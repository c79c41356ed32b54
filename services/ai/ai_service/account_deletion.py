"""What is left to do here when a user has deleted their account: everything of theirs goes."""

from __future__ import annotations

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from ai_service.bootcamp.models import BootcampPlan, Enrollment
from ai_service.bootcamp.queries import SEATS
from ai_service.employees.models import Account, Employee
from ai_service.runs.models import Run
from ai_service.tables import IdempotencyRecord
from ai_service.webapps.models import WebApp
from shared.cache import Cache

OWNED = (Run, Employee, Account, Enrollment, WebApp, IdempotencyRecord)
"""In this order: runs point at employees. A worker that is at a run finds it gone, and its result is not taken."""


async def erase_user(session: AsyncSession, *, cache: Cache, user_id: int) -> None:
    """Erase what the user made and was told, and free their seat. Again is fine."""
    seats = select(Enrollment.plan_type).where(Enrollment.user_id == user_id, Enrollment.status == "active")
    # Locked: a seat that its owner gives back at this moment must not be counted twice.
    for plan in (await session.scalars(seats.with_for_update())).all():
        freed = update(BootcampPlan).where(BootcampPlan.slug == plan)
        await session.execute(freed.values(taken=BootcampPlan.taken - 1))
        cache.invalidate_after_commit(session, SEATS)
    for table in OWNED:
        await session.execute(delete(table).where(table.user_id == user_id))
