"""Giving an employee work."""

from __future__ import annotations

from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ai_service.employees.models import Employee
from ai_service.plans import service as plans
from ai_service.plans.rules import PlanName
from ai_service.runs.errors import EmployeeNotActive, WrongInput
from ai_service.runs.models import Run
from ai_service.scenarios.kinds import KINDS
from shared.db.constraints import check_row_limit
from shared.jobs import enqueue
from shared.schemas.dates import utcnow
from shared.schemas.json import dumps

EXECUTE_JOB: Final = "runs.execute"
MAX_FRUITLESS: Final = 10_000
"""Runs of one user that cost no tokens in the end, or not yet; those that are completed are bounded by the plan."""


async def accept(
    session: AsyncSession,
    employee: Employee,
    *,
    given: dict[str, Any],
    default_plan: PlanName,
    thinking_tokens: int = 0,
) -> Run:
    """Keep tokens for the run, write it down and queue it, in one transaction; `employee` is locked.

    Raises EmployeeNotActive, LimitReached, TokenLimitReached or WrongInput.
    """
    if employee.status != "active":
        raise EmployeeNotActive.but(employee.status)
    kind = KINDS[employee.scenario_type]
    try:
        prepared = kind.input.model_validate(given).model_dump(mode="json")
    except ValidationError as error:
        raise WrongInput.of(error) from None
    fruitless = select(Run.id).where(Run.user_id == employee.user_id, Run.status != "completed")
    await check_row_limit(session, fruitless, limit=MAX_FRUITLESS, what="runs that have not completed")
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
