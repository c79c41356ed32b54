"""How attempts and runs end, and what they have cost, counted in one place whatever way they end.

While an attempt runs, its row says what it has cost so far: an estimate of its input from the moment at which the model
is asked, and every second what is known since then. So whoever ends the attempt, its own worker, its owner or the
worker that finds it dead, knows the cost from the row. The run and the month are told when the attempt and the run end,
each once, since only one transaction takes either out of its status. What the attempt's own worker learns later is
added as the difference to what was counted, so it may be told twice.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ai_service.employees import plans
from ai_service.providers.errors import ProviderError
from ai_service.providers.provider import Ending, Reply, Usage
from ai_service.runs import rules
from ai_service.runs.events import RunCompleted
from ai_service.runs.models import Attempt, Run
from ai_service.runs.rules import EXECUTE_JOB, OPEN, AttemptStatus, Prices, Status, cost
from ai_service.scenarios.kinds import KINDS
from ai_service.scenarios.models import Scenario
from ai_service.tables import Outbox
from shared.events.outbox import publish
from shared.jobs import enqueue
from shared.schemas.dates import utcnow

MAX_REPLY: Final = 100_000
"""Characters of an unfit reply that are kept."""
CODES: Final[dict[Ending, str]] = {
    "complete": "invalid_reply",
    "truncated": "reply_truncated",
    "refused": "model_refused",
}
"""Of a run whose reply was of no use, by why the model stopped."""


async def lock_attempt(session: AsyncSession, *, run_id: int, token: UUID) -> tuple[Run, Attempt] | None:
    """The run, locked, and the attempt; None if it is no longer ours."""
    run = await session.scalar(select(Run).where(Run.id == run_id).with_for_update(key_share=True))
    attempt = await running_attempt(session, run_id=run_id, token=token)
    return None if run is None or attempt is None else (run, attempt)


async def complete(
    session: AsyncSession, run: Run, attempt: Attempt, *, output: dict[str, Any], usage: Usage
) -> None:
    """The output fits: the run has saved its hours."""
    now = utcnow()
    end_attempt(run, attempt, status="succeeded", now=now, usage=usage)
    run.output, run.hours_saved = output, await _hours(session, run.scenario_type)
    await end_run(session, run, status="completed", now=now)
    event = RunCompleted(
        run_id=run.id,
        employee_id=run.employee_id,
        user_id=run.user_id,
        scenario_type=run.scenario_type,
        hours_saved=run.hours_saved,
        input_tokens=run.input_tokens,
        output_tokens=run.output_tokens,
    )
    await publish(session, Outbox, event, key=f"run:{run.id}")


async def reject(
    session: AsyncSession, run: Run, attempt: Attempt, *, reply: Reply, complaint: str, usage: Usage
) -> None:
    """The reply does not fit: it is kept, and asked for once more; then the run has failed.

    One that the model declined or that met its limit is not asked for again: it would be paid for, and be no other.
    """
    now = utcnow()
    end_attempt(run, attempt, status="unfit", now=now, usage=usage)
    attempt.error = complaint
    attempt.reply = reply.text.replace("\x00", "\N{REPLACEMENT CHARACTER}")[:MAX_REPLY]
    if reply.ending == "complete" and await _count_attempts(session, run.id, "unfit") < rules.MAX_UNFIT:
        await _retry(session, run, seconds=0.0)
        return
    run.reply = attempt.reply
    message = complaint if reply.ending != "complete" else f"The model's reply does not fit: {complaint}"
    await fail_run(session, run, code=CODES[reply.ending], message=message, now=now)


async def provider_failed(
    session: AsyncSession, run: Run, attempt: Attempt, *, error: ProviderError, usage: Usage
) -> None:
    """The provider gave no reply: again later, unless it never will, or has been paid for too often."""
    now = utcnow()
    end_attempt(run, attempt, status="failed", now=now, usage=usage)
    attempt.error = error.message
    seconds = None
    if error.again and await _paid_failures(session, run.id) < rules.MAX_PAID_FAILURES:
        failures = await _count_attempts(session, run.id, "failed")
        seconds = rules.delay_after(failures, retry_after=error.retry_after)
    if seconds is not None:
        await _retry(session, run, seconds=seconds)
        return
    await fail_run(session, run, code=error.code, message=error.message, now=now)


async def fail_run(session: AsyncSession, run: Run, *, code: str, message: str, now: datetime) -> None:
    """The run is over without a result."""
    run.error, run.error_message = code, message
    await end_run(session, run, status="failed", now=now)


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
    _add_cost(run, attempt, attempt.input_tokens, attempt.output_tokens)


async def end_run(session: AsyncSession, run: Run, *, status: Status, now: datetime) -> None:
    """Its tokens are no longer reserved but used, in the month in which it ends."""
    run.status, run.finished_at = status, now
    await session.flush()
    used = run.input_tokens + run.output_tokens
    await plans.record_usage(session, user_id=run.user_id, reserved=run.reserved_tokens, used=used, now=now)


async def count_late_usage(session: AsyncSession, *, run_id: int, token: UUID, usage: Usage) -> None:
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
    _add_cost(run, attempt, read, written)
    await session.flush()
    if run.status not in OPEN:
        await plans.record_usage(session, user_id=run.user_id, reserved=0, used=read + written, now=utcnow())


async def _retry(session: AsyncSession, run: Run, *, seconds: float) -> None:
    run.status = "queued"
    await session.flush()
    await enqueue(session, EXECUTE_JOB, {"run_id": run.id}, after=timedelta(seconds=seconds))


async def _count_attempts(session: AsyncSession, run_id: int, status: rules.AttemptStatus) -> int:
    query = select(func.count()).where(Attempt.run_id == run_id, Attempt.status == status)
    return await session.scalar(query) or 0  # what was set above is flushed before it


async def _paid_failures(session: AsyncSession, run_id: int) -> int:
    cost_something = Attempt.input_tokens + Attempt.output_tokens > 0
    query = select(func.count()).where(Attempt.run_id == run_id, Attempt.status == "failed", cost_something)
    return await session.scalar(query) or 0


async def _hours(session: AsyncSession, scenario_type: str) -> int:
    query = select(Scenario.estimated_savings).where(Scenario.scenario_type == scenario_type)
    found = (await session.execute(query)).one_or_none()
    return KINDS[scenario_type].hours if found is None else found.estimated_savings or 0


def _add_cost(run: Run, attempt: Attempt, read: int, written: int) -> None:
    run.input_tokens += read
    run.output_tokens += written
    run.cost += cost(read, written, Prices(attempt.input_price, attempt.output_price))
