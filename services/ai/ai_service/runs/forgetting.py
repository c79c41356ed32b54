"""Runs that came to nothing are forgotten after half a year, and so are dismissed employees without runs."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import delete, exists, func, select

from ai_service.employees.models import Employee
from ai_service.runs.models import Run
from shared.db.database import Database

KEPT: Final = timedelta(days=180)
AT_A_TIME: Final = 500
FRUITLESS: Final = ("failed", "canceled")


async def forget_fruitless(database: Database) -> int:
    """Remove failed and canceled runs that ended long ago, some in a transaction; how many.

    What was completed stays: the hours saved are made of it.
    """
    old = (
        select(Run.id)
        .where(Run.status.in_(FRUITLESS), Run.finished_at < func.now() - KEPT)
        .limit(AT_A_TIME)
        .with_for_update(skip_locked=True)
    )
    forgotten, some = 0, AT_A_TIME
    while some == AT_A_TIME:
        async with database.session() as session:
            ids = list(await session.scalars(old))
            some = len(ids)
            await session.execute(delete(Run).where(Run.id.in_(ids)))
        forgotten += some
    await _forget_dismissed(database)
    return forgotten


async def _forget_dismissed(database: Database) -> None:
    has_runs = exists().where(Run.employee_id == Employee.id)
    gone = select(Employee.id).where(Employee.deleted_at < func.now() - KEPT, ~has_runs).limit(AT_A_TIME)
    async with database.session() as session:
        await session.execute(delete(Employee).where(Employee.id.in_(gone)))
