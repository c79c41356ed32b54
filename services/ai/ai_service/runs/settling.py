"""The ends of an attempt and of a run. Each is one transaction, and none takes what an attempt brings too late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ai_service.plans import service as plans
from ai_service.providers.errors import ProviderError
from ai_service.providers.provider import Reply
from ai_service.runs import rules
from ai_service.runs.events import RunCompleted
from ai_service.runs.models import Attempt, Run
from ai_service.runs.service import EXECUTE_JOB
from ai_service.scenarios.kinds import KINDS
from ai_service.scenarios.models import Scenario
from ai_service.tables import Outbox
from shared.clock import utcnow
from shared.events.outbox import publish
from shared.jobs import enqueue

MAX_REPLY: Final = 100_000
"""Characters of an unfit reply that are kept."""


@dataclass(frozen=True, slots=True)
class Prices:
    """USD per million tokens."""

    input: Decimal
    output: Decimal


async def held(session: AsyncSession, *, run_id: int, token: UUID) -> tuple[Run, Attempt] | None:
    """The run, locked, and the attempt; None where that is not ours any more."""
    run = await session.scalar(select(Run).where(Run.id == run_id).with_for_update(key_share=True))
    attempt = await session.scalar(
        select(Attempt).where(Attempt.run_id == run_id, Attempt.token == token, Attempt.status == "running")
    )
    return None if run is None or attempt is None else (run, attempt)


async def complete(
    session: AsyncSession, run: Run, attempt: Attempt, *, reply: Reply, output: dict[str, Any], prices: Prices
) -> None:
    """The output fits: the run has saved its hours."""
    now = utcnow()
    _count(run, attempt, reply, prices)
    attempt.status, attempt.finished_at = "succeeded", now
    run.output, run.hours_saved = output, await _hours(session, run.scenario_type)
    await _end(session, run, "completed", now)
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
    session: AsyncSession, run: Run, attempt: Attempt, *, reply: Reply, complaint: str, prices: Prices
) -> None:
    """The reply does not fit: it is kept, and asked for once more; then the run has failed."""
    now = utcnow()
    _count(run, attempt, reply, prices)
    attempt.status, attempt.finished_at, attempt.error = "unfit", now, complaint
    attempt.reply = reply.text.replace("\x00", "�")[:MAX_REPLY]
    if await _how_many(session, run.id, "unfit") < rules.MAX_UNFIT:
        await _again(session, run, seconds=0.0)
        return
    run.reply = attempt.reply
    await fail(
        session, run, code="invalid_reply", message=f"The model's reply does not fit: {complaint}", now=now
    )


async def let_down(session: AsyncSession, run: Run, attempt: Attempt, *, error: ProviderError) -> None:
    """The provider gave no reply: again later, unless it never will."""
    now = utcnow()
    attempt.status, attempt.finished_at, attempt.error = "failed", now, error.message
    seconds = None
    if error.again:
        failures = await _how_many(session, run.id, "failed")
        seconds = rules.delay_after(failures, retry_after=error.retry_after)
    if seconds is not None:
        await _again(session, run, seconds=seconds)
        return
    code = "provider_unavailable" if error.again else "provider_refused"
    await fail(session, run, code=code, message=error.message, now=now)


async def fail(session: AsyncSession, run: Run, *, code: str, message: str, now: datetime) -> None:
    """The run is over without a result."""
    run.error, run.error_message = code, message
    await _end(session, run, "failed", now)


async def _end(session: AsyncSession, run: Run, status: rules.Status, now: datetime) -> None:
    run.status, run.finished_at = status, now
    await session.flush()
    used = run.input_tokens + run.output_tokens
    await plans.settle(session, user_id=run.user_id, reserved=run.reserved_tokens, used=used, now=now)


async def _again(session: AsyncSession, run: Run, *, seconds: float) -> None:
    run.status = "queued"
    await session.flush()
    await enqueue(session, EXECUTE_JOB, {"run_id": run.id}, after=timedelta(seconds=seconds))


async def _how_many(session: AsyncSession, run_id: int, status: rules.AttemptStatus) -> int:
    query = select(func.count()).where(Attempt.run_id == run_id, Attempt.status == status)
    return await session.scalar(query) or 0  # what was set above is flushed before it


async def _hours(session: AsyncSession, scenario_type: str) -> int:
    query = select(Scenario.estimated_savings).where(Scenario.scenario_type == scenario_type)
    found = (await session.execute(query)).one_or_none()
    return KINDS[scenario_type].hours if found is None else found.estimated_savings or 0


def _count(run: Run, attempt: Attempt, reply: Reply, prices: Prices) -> None:
    attempt.input_tokens, attempt.output_tokens = reply.input_tokens, reply.output_tokens
    run.input_tokens += reply.input_tokens
    run.output_tokens += reply.output_tokens
    run.cost = run.cost + rules.cost(
        reply.input_tokens, reply.output_tokens, input_price=prices.input, output_price=prices.output
    )
