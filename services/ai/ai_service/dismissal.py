"""Dismissing an employee, which also ends its runs: the employees know of no runs."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from ai_service.deps import AUTOMATION, Subscriber
from ai_service.employees.errors import EmployeeIsActive, EmployeeNotFound
from ai_service.employees.plans import remove_employee
from ai_service.employees.schemas import Dismissed
from ai_service.employees.service import lock_employee
from ai_service.runs.models import Run
from ai_service.runs.service import cancel_open_runs
from shared.auth.errors import SubscriptionRequired
from shared.schemas.dates import utcnow
from shared.schemas.types import Id
from shared.web.answers import ModelAnswer
from shared.web.deps import Session
from shared.web.problems import responses

router = APIRouter(prefix=AUTOMATION, tags=["employees"])


@router.delete(
    "/employees/{employee_id}",
    response_model=Dismissed,
    responses=responses(EmployeeNotFound, EmployeeIsActive, SubscriptionRequired),
)
async def dismiss_employee(session: Session, user: Subscriber, employee_id: Id) -> Response:
    """Remove an employee and cancel its open runs. An active employee must be paused first."""
    await dismiss(session, user_id=user.user_id, employee_id=employee_id)
    return ModelAnswer(Dismissed(message="The employee is dismissed."))


async def dismiss(session: AsyncSession, *, user_id: int, employee_id: int) -> None:
    """Remove it, and cancel its runs. What it saved stays counted: its row goes at once only where it never ran.

    Raises EmployeeNotFound or EmployeeIsActive.
    """
    employee = await lock_employee(session, user_id=user_id, employee_id=employee_id)
    if employee.status == "active":
        raise EmployeeIsActive
    if await session.scalar(select(exists().where(Run.employee_id == employee.id))):
        employee.deleted_at = utcnow()
        await session.flush()
        await cancel_open_runs(session, employee_id=employee.id)
    else:
        await session.delete(employee)
        await session.flush()
    await remove_employee(session, user_id=user_id)
