"""Ending runs that are no longer wanted: at once in the database; the worker notices within its heartbeat."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ai_service.runs.accounting import end_attempt, end_run, running_attempt
from ai_service.runs.errors import RunIsOver, RunNotFound
from ai_service.runs.models import Run
from ai_service.runs.rules import OPEN
from shared.schemas.dates import utcnow

CANCELED: Final = "canceled by its owner"


async def cancel(session: AsyncSession, *, user_id: int, employee_id: int, run_id: int) -> Run:
    """Cancel one run; again is fine. Raises RunNotFound or RunIsOver."""
    query = select(Run).where(Run.id == run_id, Run.user_id == user_id, Run.employee_id == employee_id)
    run = await session.scalar(query.with_for_update(key_share=True))
    if run is None:
        raise RunNotFound
    if run.status in {"completed", "failed"}:
        raise RunIsOver(f"The run has {run.status} already.", run_status=run.status)
    if run.status in OPEN:
        await _cancel(session, run)
    return run


async def cancel_open_runs(session: AsyncSession, *, employee_id: int) -> None:
    """Cancel whatever the employee has not ended."""
    query = select(Run).where(Run.employee_id == employee_id, Run.status.in_(OPEN)).order_by(Run.id)
    for run in (await session.scalars(query.with_for_update(key_share=True))).all():
        await _cancel(session, run)


async def _cancel(session: AsyncSession, run: Run) -> None:
    now = utcnow()
    attempt = await running_attempt(session, run_id=run.id)
    if attempt is not None:
        end_attempt(run, attempt, status="canceled", now=now)
        attempt.error = CANCELED
    await end_run(session, run, status="canceled", now=now)
