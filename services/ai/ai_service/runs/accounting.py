"""What an attempt has cost, counted in one place whatever way it ended: in the attempt, its run and its user's month.

While an attempt runs, its row says what it has cost so far: an estimate of its input from the moment at which the model
is asked, and every second what is known since then. So whoever ends the attempt, its own worker, its owner or the
worker that finds it dead, knows the cost from the row. The run and the month are told when the attempt and the run end,
each once, since only one transaction takes either out of its status. What the attempt's own worker learns later is
added as the difference to what was counted, so it may be told twice.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ai_service.plans import service as plans
from ai_service.providers.metering import Usage
from ai_service.runs.models import Attempt, Run
from ai_service.runs.rules import OPEN, AttemptStatus, Prices, Status, cost
from shared.schemas.dates import utcnow


async def running_attempt(session: AsyncSession, *, run_id: int, token: UUID | None = None) -> Attempt | None:
    """The one that runs, locked, so that its worker writes no more into it; with a token, only if it is that one."""
    query = select(Attempt).where(Attempt.run_id == run_id, Attempt.status == "running")
    if token is not None:
        query = query.where(Attempt.token == token)
    found: Attempt | None = await session.scalar(
        query.with_for_update().execution_options(populate_existing=True)
    )
    return found


def end_attempt(
    run: Run, attempt: Attempt, *, status: AttemptStatus, now: datetime, usage: Usage | None = None
) -> None:
    """Both are locked. Without `usage`, what the attempt's row says is counted."""
    attempt.status, attempt.finished_at = status, now
    if usage is not None:
        attempt.input_tokens, attempt.output_tokens = usage.input_tokens, usage.output_tokens
        attempt.tokens_estimated = usage.estimated
    _add(run, attempt, attempt.input_tokens, attempt.output_tokens)


async def end_run(session: AsyncSession, run: Run, *, status: Status, now: datetime) -> None:
    """Its tokens are no longer reserved but used, in the month in which it ends."""
    run.status, run.finished_at = status, now
    await session.flush()
    used = run.input_tokens + run.output_tokens
    await plans.settle(session, user_id=run.user_id, reserved=run.reserved_tokens, used=used, now=now)


async def count_late(session: AsyncSession, *, run_id: int, token: UUID, usage: Usage) -> None:
    """Count the cost of an attempt that another process ended, beyond what was counted then."""
    run = await session.scalar(select(Run).where(Run.id == run_id).with_for_update(key_share=True))
    query = select(Attempt).where(Attempt.run_id == run_id, Attempt.token == token).with_for_update()
    attempt = await session.scalar(query)
    if run is None or attempt is None or attempt.status == "running":
        return
    read = max(0, usage.input_tokens - attempt.input_tokens)
    written = max(0, usage.output_tokens - attempt.output_tokens)
    attempt.input_tokens += read
    attempt.output_tokens += written
    _add(run, attempt, read, written)
    await session.flush()
    if run.status not in OPEN:
        await plans.settle(session, user_id=run.user_id, reserved=0, used=read + written, now=utcnow())


def _add(run: Run, attempt: Attempt, read: int, written: int) -> None:
    run.input_tokens += read
    run.output_tokens += written
    run.cost += cost(read, written, Prices(attempt.input_price, attempt.output_price))
