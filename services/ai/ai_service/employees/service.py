"""An employee's life, from hiring to dismissal."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ai_service.employees import plans, rules
from ai_service.employees.errors import EmployeeNotFound
from ai_service.employees.events import EmployeeActivated
from ai_service.employees.models import Employee
from ai_service.employees.rules import PlanName
from ai_service.scenarios.kinds import ScenarioType
from ai_service.tables import Outbox
from shared.events.outbox import publish
from shared.jobs import enqueue
from shared.schemas.dates import utcnow

TRAINING_JOB: Final = "employees.end_training"


async def hire(
    session: AsyncSession,
    *,
    user_id: int,
    name: str,
    scenario_type: ScenarioType,
    description: str | None,
    default_plan: PlanName,
) -> Employee:
    """Make a draft. Raises EmployeeLimitReached."""
    await plans.add_employee(session, user_id=user_id, default=default_plan, now=utcnow())
    employee = Employee(user_id=user_id, name=name, scenario_type=scenario_type, description=description)
    session.add(employee)
    await session.flush()
    await session.refresh(employee)
    return employee


async def train(session: AsyncSession, *, user_id: int, employee_id: int, seconds: float) -> Employee:
    """Begin to train it; a job ends that after so many seconds. Raises EmployeeNotFound or InvalidTransition."""
    employee = await lock_employee(session, user_id=user_id, employee_id=employee_id)
    if rules.move(employee.status, "training"):
        employee.status, employee.deployed_at = "training", utcnow()
        employee.trainings += 1
        payload = {"employee_id": employee.id, "training": employee.trainings}
        await enqueue(session, TRAINING_JOB, payload, after=timedelta(seconds=seconds))
    return employee


async def end_training(session: AsyncSession, *, employee_id: int, training: int) -> None:
    """What the job does: the employee is active, unless it is gone, or that training was ended before."""
    query = select(Employee).where(
        Employee.id == employee_id,
        Employee.trainings == training,
        Employee.status == "training",
        Employee.deleted_at.is_(None),
    )
    employee = await session.scalar(query.with_for_update(key_share=True))
    if employee is not None:
        await _activate(session, employee)


async def activate(session: AsyncSession, *, user_id: int, employee_id: int) -> Employee:
    """Let it work: from a pause, or before its training ends by itself. Raises as `train`."""
    employee = await lock_employee(session, user_id=user_id, employee_id=employee_id)
    if rules.move(employee.status, "active"):
        await _activate(session, employee)
    return employee


async def pause(session: AsyncSession, *, user_id: int, employee_id: int) -> Employee:
    """Pause an employee. Runs that have started go on. Raises as `train`."""
    employee = await lock_employee(session, user_id=user_id, employee_id=employee_id)
    if rules.move(employee.status, "paused"):
        employee.status = "paused"
    return employee


async def lock_employee(session: AsyncSession, *, user_id: int, employee_id: int) -> Employee:
    """The user's employee, which nobody else changes until the transaction ends. Raises EmployeeNotFound."""
    query = select(Employee).where(
        Employee.id == employee_id, Employee.user_id == user_id, Employee.deleted_at.is_(None)
    )
    employee = await session.scalar(query.with_for_update(key_share=True))
    if employee is None:
        raise EmployeeNotFound
    return employee


async def _activate(session: AsyncSession, employee: Employee) -> None:
    employee.status = "active"
    await session.flush()
    event = EmployeeActivated(
        employee_id=employee.id, user_id=employee.user_id, scenario_type=employee.scenario_type
    )
    await publish(session, Outbox, event, key=f"employee:{employee.id}")
