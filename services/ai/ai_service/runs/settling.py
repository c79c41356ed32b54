"""The ends of an attempt and of a run. Each is one transaction, and none takes what an attempt brings too late."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ai_service.providers.errors import ProviderError
from ai_service.providers.metering import Usage
from ai_service.providers.provider import Ending, Reply
from ai_service.runs import rules
from ai_service.runs.accounting import end_attempt, end_run, running_attempt
from ai_service.runs.events import RunCompleted
from ai_service.runs.models import Attempt, Run
from ai_service.runs.service import EXECUTE_JOB
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


async def held(session: AsyncSession, *, run_id: int, token: UUID) -> tuple[Run, Attempt] | None:
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
    if reply.ending == "complete" and await _how_many(session, run.id, "unfit") < rules.MAX_UNFIT:
        await _again(session, run, seconds=0.0)
        return
    run.reply = attempt.reply
    message = complaint if reply.ending != "complete" else f"The model's reply does not fit: {complaint}"
    await fail(session, run, code=CODES[reply.ending], message=message, now=now)


async def provider_failed(
    session: AsyncSession, run: Run, attempt: Attempt, *, error: ProviderError, usage: Usage
) -> None:
    """The provider gave no reply: again later, unless it never will, or has been paid for too often."""
    now = utcnow()
    end_attempt(run, attempt, status="failed", now=now, usage=usage)
    attempt.error = error.message
    seconds = None
    if error.again and await _paid_failures(session, run.id) < rules.MAX_PAID_FAILURES:
        failures = await _how_many(session, run.id, "failed")
        seconds = rules.delay_after(failures, retry_after=error.retry_after)
    if seconds is not None:
        await _again(session, run, seconds=seconds)
        return
    await fail(session, run, code=error.code, message=error.message, now=now)


async def fail(session: AsyncSession, run: Run, *, code: str, message: str, now: datetime) -> None:
    """The run is over without a result."""
    run.error, run.error_message = code, message
    await end_run(session, run, status="failed", now=now)


async def _again(session: AsyncSession, run: Run, *, seconds: float) -> None:
    run.status = "queued"
    await session.flush()
    await enqueue(session, EXECUTE_JOB, {"run_id": run.id}, after=timedelta(seconds=seconds))


async def _how_many(session: AsyncSession, run_id: int, status: rules.AttemptStatus) -> int:
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
