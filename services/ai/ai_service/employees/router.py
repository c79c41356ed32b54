"""Employees over HTTP."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from ai_service.deps import AUTOMATION, Idempotent, Subscriber
from ai_service.employees import errors, queries, service
from ai_service.employees.models import Employee
from ai_service.employees.schemas import (
    Deployment,
    EmployeeHired,
    EmployeeShown,
    NewEmployee,
    StatusChanged,
)
from ai_service.plans.errors import EmployeeLimitReached
from shared.auth.errors import SubscriptionRequired
from shared.schemas.dates import utcnow
from shared.schemas.keyset import InvalidCursor
from shared.schemas.types import Id
from shared.web.answers import ModelAnswer
from shared.web.deps import RuntimeDep, Session
from shared.web.paging import Listing, bare_list
from shared.web.problems import responses

router = APIRouter(prefix=AUTOMATION, tags=["employees"])
CHANGE_ERRORS = responses(errors.EmployeeNotFound, errors.InvalidTransition, SubscriptionRequired)


@router.get(
    "/employees",
    response_model=list[EmployeeShown],
    responses=responses(InvalidCursor, SubscriptionRequired),
)
async def list_employees(request: Request, runtime: RuntimeDep, user: Subscriber, query: Listing) -> Response:
    """Your employees, newest first; the Link and X-Next-Cursor headers lead to the next page."""
    rows, last = await queries.of_user(
        runtime.database, user_id=user.user_id, limit=query.limit, before=query.before, now=utcnow()
    )
    return bare_list(request, query, rows, last)


@router.post(
    "/employees",
    status_code=201,
    response_model=EmployeeHired,
    responses=responses(
        EmployeeLimitReached, errors.ScenarioTypeMissing, errors.SpellingsDiffer, SubscriptionRequired
    ),
)
async def hire_employee(
    session: Session, runtime: RuntimeDep, idempotent: Idempotent, user: Subscriber, body: NewEmployee
) -> Response:
    """Hire an employee, as a draft."""

    async def work() -> EmployeeHired:
        employee = await service.hire(
            session,
            user_id=user.user_id,
            name=body.name,
            scenario_type=body.chosen_type(),
            description=body.chosen_description(),
            default_plan=runtime.settings.default_plan,
        )
        message = "The employee is hired. Deploy it next."
        return EmployeeHired(id=employee.id, message=message, employee=_hired(employee))

    return await idempotent(operation="employees.hire", request=body, work=work)


@router.get(
    "/employees/{employee_id}",
    response_model=EmployeeShown,
    responses=responses(errors.EmployeeNotFound, SubscriptionRequired),
)
async def get_employee(runtime: RuntimeDep, user: Subscriber, employee_id: Id) -> Response:
    """One of your employees."""
    employee = await queries.one(
        runtime.database, user_id=user.user_id, employee_id=employee_id, now=utcnow()
    )
    return ModelAnswer(employee)


@router.post("/employees/{employee_id}/deploy", response_model=StatusChanged, responses=CHANGE_ERRORS)
async def deploy_employee(
    session: Session,
    runtime: RuntimeDep,
    user: Subscriber,
    employee_id: Id,
    body: Deployment | None = None,
) -> Response:
    """Start an employee's training; it becomes active when the training ends."""
    seconds = runtime.settings.training_seconds
    employee = await service.train(session, user_id=user.user_id, employee_id=employee_id, seconds=seconds)
    return _changed(employee, "The employee is in training and will be active when that ends.")


@router.post("/employees/{employee_id}/activate", response_model=StatusChanged, responses=CHANGE_ERRORS)
async def activate_employee(session: Session, user: Subscriber, employee_id: Id) -> Response:
    """Activate an employee after a pause, or before its training ends."""
    employee = await service.activate(session, user_id=user.user_id, employee_id=employee_id)
    return _changed(employee, "The employee is active.")


@router.post("/employees/{employee_id}/pause", response_model=StatusChanged, responses=CHANGE_ERRORS)
async def pause_employee(session: Session, user: Subscriber, employee_id: Id) -> Response:
    """Pause an employee. Runs that have started go on."""
    employee = await service.pause(session, user_id=user.user_id, employee_id=employee_id)
    return _changed(employee, "The employee is paused.")


def _hired(employee: Employee) -> EmployeeShown:
    """Nothing is saved yet."""
    description = employee.description or ""
    return EmployeeShown(
        id=employee.id,
        name=employee.name,
        scenario_type=employee.scenario_type,
        scenario=employee.scenario_type,
        description=description,
        instructions=description,
        status=employee.status,
        monthly_savings_hours=0,
        savings_hours=0,
        created_at=employee.created_at,
        deployed_at=employee.deployed_at,
    )


def _changed(employee: Employee, message: str) -> Response:
    return ModelAnswer(StatusChanged(id=employee.id, message=message, status=employee.status))
