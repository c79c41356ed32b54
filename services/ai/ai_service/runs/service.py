"""Runs for their owners: accepting, reading and canceling them, and forgetting unsuccessful ones (failed or canceled).

A run that is canceled ends at once in the database; its worker notices with its next heartbeat.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import orjson
from pydantic import ValidationError
from sqlalchemy import delete, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ai_service.employees import plans
from ai_service.employees.models import Employee
from ai_service.employees.rules import PlanName
from ai_service.runs.errors import EmployeeNotActive, RunIsOver, RunNotFound, WrongInput
from ai_service.runs.models import Run
from ai_service.runs.outcomes import end_attempt, end_run, running_attempt
from ai_service.runs.rules import EXECUTE_JOB, OPEN
from ai_service.runs.schemas import AttemptShown, RunShown
from ai_service.scenarios.kinds import KINDS
from shared.db.constraints import check_row_limit
from shared.db.database import Database
from shared.jobs import enqueue
from shared.schemas.dates import utcnow
from shared.schemas.json import dumps
from shared.schemas.keyset import split_page
from shared.schemas.types import MAX_ID

MAX_NOT_COMPLETED: Final = 10_000
"""Runs of one user that cost no tokens in the end, or not yet; those that are completed are bounded by the plan."""
CANCELED: Final = "canceled by its owner"
KEPT: Final = timedelta(days=180)
AT_A_TIME: Final = 500
UNSUCCESSFUL: Final = ("failed", "canceled")
Rows = Sequence[dict[str, Any]]
_COLUMNS: Final = (
    "r.id", "r.employee_id", "r.scenario_type", "r.status", "r.error", "r.error_message", "r.provider", "r.model",
    "r.input_tokens", "r.output_tokens", "r.cost", "'USD' AS currency", "r.hours_saved",
    "(extract(epoch FROM r.finished_at - r.started_at) * 1000)::bigint AS duration_ms",
    "r.created_at", "r.started_at", "r.finished_at",
)  # fmt: skip
_LIST: Final = f"""
    SELECT {", ".join(_COLUMNS)}
    FROM runs AS r WHERE r.user_id = $1 AND r.employee_id = $2 AND r.id < $3 ORDER BY r.id DESC LIMIT $4
"""  # noqa: S608 - of constants
_ONE: Final = f"""
    SELECT {", ".join(_COLUMNS)}, r.input::text AS input, r.output::text AS output, r.reply
    FROM runs AS r WHERE r.user_id = $1 AND r.employee_id = $2 AND r.id = $3
"""  # noqa: S608 - of constants
_ATTEMPTS: Final = f"""
    SELECT {", ".join(AttemptShown.model_fields)} FROM run_attempts WHERE run_id = $1 ORDER BY number
"""  # noqa: S608 - of constants


async def accept(
    session: AsyncSession,
    employee: Employee,
    *,
    given: dict[str, Any],
    default_plan: PlanName,
    thinking_tokens: int = 0,
) -> Run:
    """Reserve tokens for the run, write it down and queue it, in one transaction; `employee` is locked.

    Raises EmployeeNotActive, LimitReached, TokenLimitReached or WrongInput.
    """
    if employee.status != "active":
        raise EmployeeNotActive.but(employee.status)
    kind = KINDS[employee.scenario_type]
    try:
        prepared = kind.input.model_validate(given).model_dump(mode="json")
    except ValidationError as error:
        raise WrongInput.of(error) from None
    not_completed = select(Run.id).where(Run.user_id == employee.user_id, Run.status != "completed")
    await check_row_limit(
        session, not_completed, limit=MAX_NOT_COMPLETED, what="runs that have not completed"
    )
    tokens = kind.tokens_for(dumps(prepared).decode() + (employee.description or "")) + thinking_tokens
    await plans.reserve(session, user_id=employee.user_id, tokens=tokens, default=default_plan, now=utcnow())
    run = Run(
        user_id=employee.user_id,
        employee_id=employee.id,
        scenario_type=employee.scenario_type,
        input=prepared,
        wishes=employee.description,
        reserved_tokens=tokens,
    )
    session.add(run)
    await session.flush()
    await session.refresh(run)
    await enqueue(session, EXECUTE_JOB, {"run_id": run.id})
    return run


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
    """Cancel the employee's runs that have not ended."""
    query = select(Run).where(Run.employee_id == employee_id, Run.status.in_(OPEN)).order_by(Run.id)
    for run in (await session.scalars(query.with_for_update(key_share=True))).all():
        await _cancel(session, run)


async def forget_unsuccessful_runs(database: Database) -> int:
    """Remove failed and canceled runs that ended long ago, some in a transaction; how many.

    What was completed stays: the hours saved are made of it.
    """
    old = (
        select(Run.id)
        .where(Run.status.in_(UNSUCCESSFUL), Run.finished_at < func.now() - KEPT)
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


async def has_employee(database: Database, *, user_id: int, employee_id: int) -> bool:
    """Whether the user has, or had, this employee."""
    query = select(Employee.id).where(Employee.id == employee_id, Employee.user_id == user_id)
    async with database.read(fresh=True) as connection:
        return await connection.scalar(query) is not None


async def of_employee(
    database: Database, *, user_id: int, employee_id: int, limit: int, before: int | None
) -> tuple[Rows, int | None]:
    """An employee's runs, newest first, without what went in and came out; and after which id the next page starts."""
    found = await database.fetch(_LIST, user_id, employee_id, MAX_ID if before is None else before, limit + 1)
    rows, last = split_page([dict(row) for row in found], limit)
    return rows, last["id"] if last else None


async def one(database: Database, *, user_id: int, employee_id: int, run_id: int) -> RunShown:
    """A run with its attempts. Raises RunNotFound."""
    async with database.read_raw() as connection:
        row = await connection.fetchrow(_ONE, user_id, employee_id, run_id)
        if row is None:
            raise RunNotFound
        attempts = [AttemptShown(**attempt) for attempt in await connection.fetch(_ATTEMPTS, run_id)]
    output = orjson.loads(row["output"]) if row["output"] else None
    values = {**row, "input": orjson.loads(row["input"]), "output": output}
    return RunShown(**values, attempts=attempts)


async def statuses(database: Database, run_ids: Sequence[int]) -> dict[int, str]:
    """What has become of runs, by their ids; those that are gone are not in it."""
    found = await database.fetch("SELECT id, status FROM runs WHERE id = ANY($1::bigint[])", run_ids)
    return {row["id"]: row["status"] for row in found}


async def _cancel(session: AsyncSession, run: Run) -> None:
    now = utcnow()
    attempt = await running_attempt(session, run_id=run.id)
    if attempt is not None:
        end_attempt(run, attempt, status="canceled", now=now)
        attempt.error = CANCELED
    await end_run(session, run, status="canceled", now=now)


async def _forget_dismissed(database: Database) -> None:
    has_runs = exists().where(Run.employee_id == Employee.id)
    gone = select(Employee.id).where(Employee.deleted_at < func.now() - KEPT, ~has_runs).limit(AT_A_TIME)
    async with database.session() as session:
        await session.execute(delete(Employee).where(Employee.id.in_(gone)))
