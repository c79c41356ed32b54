"""Beginning an attempt, and proving while it goes on that its worker lives.

At most one attempt of a run has the status `running`: an index keeps it so. It belongs to whoever holds its token,
until its lease runs out; then the next worker marks it `interrupted`, and what the first one still brings is not taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from ai_service.providers.provider import Provider, Usage
from ai_service.runs.models import Attempt, Run
from ai_service.runs.outcomes import end_attempt, fail_run
from ai_service.runs.rules import MAX_INTERRUPTED, OPEN, Prices
from shared.db.database import Database

LEASE: Final = timedelta(seconds=8)
HEARTBEAT_SECONDS: Final = 1.0
"""Also how soon a worker notices that a run was canceled."""
VANISHED: Final = "its worker vanished"

_HEARTBEAT: Final = text(
    "UPDATE run_attempts SET lease_until = clock_timestamp() + :lease, input_tokens = :read,"
    " output_tokens = :written, tokens_estimated = :estimated"
    " WHERE token = :token AND status = 'running' RETURNING run_id"
)
_CALL: Final = text(
    "UPDATE run_attempts SET called_at = clock_timestamp(), lease_until = clock_timestamp() + :lease,"
    " input_tokens = :read, tokens_estimated = true WHERE token = :token AND status = 'running' RETURNING run_id"
)


@dataclass(frozen=True, slots=True)
class StartedAttempt:
    """An attempt that this worker has begun."""

    run_id: int
    number: int
    token: UUID
    scenario_type: str
    input: dict[str, Any]
    wishes: str | None
    complaint: str | None
    """Why the reply of the attempt before did not fit; the model is told."""


@dataclass(frozen=True, slots=True)
class AttemptInProgress:
    """Another worker executes the run, or has just vanished: in so many `seconds` it is known which."""

    seconds: float


async def begin(
    session: AsyncSession, *, run_id: int, provider: Provider, prices: Prices
) -> StartedAttempt | AttemptInProgress | None:
    """A new attempt. None if the run is over, or has failed now because too many workers vanished during it."""
    query = select(Run, func.clock_timestamp()).where(Run.id == run_id)
    found = (await session.execute(query.with_for_update(key_share=True))).one_or_none()
    if found is None or found[0].status not in OPEN:
        return None
    run, now = found[0], found[1]
    of_run = select(Attempt).where(Attempt.run_id == run_id).order_by(Attempt.number).with_for_update()
    attempts = list(await session.scalars(of_run))
    running = next((attempt for attempt in attempts if attempt.status == "running"), None)
    if running is not None and running.lease_until > now:
        return AttemptInProgress((running.lease_until - now).total_seconds())
    if running is not None:
        interrupt(run, running, now=now, reason=VANISHED)
        await session.flush()
    vanished = [found for found in attempts if found.status == "interrupted" and found.called_at]
    if len(vanished) >= MAX_INTERRUPTED:
        await fail_run(
            session, run, code="interrupted", message="The run was interrupted too often.", now=now
        )
        return None
    return await _new_attempt(session, run, attempts, provider, prices, now)


def interrupt(run: Run, attempt: Attempt, *, now: datetime, reason: str, usage: Usage | None = None) -> None:
    """The attempt is over without a result; `usage` is what its own worker knows of its cost."""
    end_attempt(run, attempt, status="interrupted", now=now, usage=usage)
    attempt.error = reason
    run.status = "queued"


async def record_heartbeat(database: Database, token: UUID, usage: Usage) -> bool:
    """Extend the lease and record the cost so far; False if the attempt is no longer ours."""
    values = {"read": usage.input_tokens, "written": usage.output_tokens, "estimated": usage.estimated}
    return await _still_ours(database, _HEARTBEAT, {"token": token, **values})


async def record_call(database: Database, token: UUID, *, input_tokens: int) -> bool:
    """Record that the model is called now, with about so many tokens; False if the attempt is no longer ours."""
    return await _still_ours(database, _CALL, {"token": token, "read": input_tokens})


async def _still_ours(database: Database, statement: Any, values: dict[str, Any]) -> bool:
    async with database.session() as session:
        return (await session.execute(statement, {**values, "lease": LEASE})).first() is not None


async def _new_attempt(
    session: AsyncSession,
    run: Run,
    attempts: list[Attempt],
    provider: Provider,
    prices: Prices,
    now: datetime,
) -> StartedAttempt:
    attempt = Attempt(
        run_id=run.id,
        number=len(attempts) + 1,
        token=uuid4(),
        status="running",
        started_at=now,
        lease_until=now + LEASE,
        input_price=prices.input,
        output_price=prices.output,
    )
    session.add(attempt)
    run.status, run.provider, run.model = "running", provider.name, provider.model
    run.started_at = run.started_at or now
    await session.flush()
    complaint = attempts[-1].error if attempts and attempts[-1].status == "unfit" else None
    return StartedAttempt(
        run.id, attempt.number, attempt.token, run.scenario_type, run.input, run.wishes, complaint
    )
