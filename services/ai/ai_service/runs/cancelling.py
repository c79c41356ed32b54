"""Ending runs that nobody wants any more: at once in the database; the worker notices within its heartbeat."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ai_service.plans import service as plans
from ai_service.runs.errors import RunIsOver, RunNotFound
from ai_service.runs.models import Attempt, Run
from ai_service.runs.rules import OPEN
from ai_service.scenarios.kinds import KINDS
from shared.clock import utcnow
from shared.schemas.json import dumps

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
    attempt = await session.scalar(
        select(Attempt).where(Attempt.run_id == run.id, Attempt.status == "running")
    )
    if attempt is not None:
        attempt.status, attempt.finished_at, attempt.error = "canceled", now, CANCELED
        attempt.input_tokens = read_by_now(run, attempt)
        run.input_tokens += attempt.input_tokens
    run.status, run.finished_at = "canceled", now
    await session.flush()
    used = run.input_tokens + run.output_tokens
    await plans.settle(session, user_id=run.user_id, reserved=run.reserved_tokens, used=used, now=now)


def read_by_now(run: Run, attempt: Attempt) -> int:
    """About how many tokens the model has read in an attempt whose reply is not known."""
    if attempt.called_at is None:
        return 0
    characters = len(dumps(run.input).decode()) + len(run.wishes or "")
    return KINDS[run.scenario_type].input_tokens(characters)
