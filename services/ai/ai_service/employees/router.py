"""Employees, the plans that limit them, and what they saved, over HTTP."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field

from ai_service.deps import AUTOMATION, PUBLIC_SECONDS, Idempotent, Subscriber
from ai_service.employees import errors, plans, queries, rules, service
from ai_service.employees.models import Employee
from ai_service.employees.schemas import (
    Analytics,
    Dashboard,
    Deployment,
    EmployeeHired,
    EmployeeShown,
    NewEmployee,
    PlanChoice,
    PlanShown,
    StatusChanged,
    Usage,
)
from shared.auth.dependencies import AdminUser
from shared.auth.errors import AdminRequired, SubscriptionRequired
from shared.cache import Entry
from shared.schemas.dates import utcnow
from shared.schemas.json import dumps
from shared.schemas.keyset import InvalidCursor
from shared.schemas.types import Id, PlainNumber
from shared.web.answers import ModelAnswer
from shared.web.deps import RuntimeDep, Session
from shared.web.paging import Listing, bare_list
from shared.web.problems import responses
from shared.web.response_cache import CachedJSON
from shared.web.routes import public

router = APIRouter(prefix=AUTOMATION, tags=["employees"])
plans_router = APIRouter(prefix=AUTOMATION, tags=["plans"])
savings_router = APIRouter(prefix=AUTOMATION, tags=["savings"])
CHANGE_ERRORS = responses(errors.EmployeeNotFound, errors.InvalidTransition, SubscriptionRequired)
_PLANS: Final = Entry.of(dumps({name: PlanShown(**asdict(plan)) for name, plan in rules.PLANS.items()}))


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
        errors.EmployeeLimitReached, errors.ScenarioTypeMissing, errors.SpellingsDiffer, SubscriptionRequired
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


@plans_router.get("/plans", response_model=dict[rules.PlanName, PlanShown], dependencies=[public])
async def list_plans(request: Request) -> Response:
    """The plans to choose from."""
    return CachedJSON(request, _PLANS.body, etag=_PLANS.etag, max_age=PUBLIC_SECONDS)


@plans_router.get("/plan", response_model=Usage, responses=responses(SubscriptionRequired))
async def own_plan(runtime: RuntimeDep, user: Subscriber) -> Response:
    """Your plan, and what you have used of it this month."""
    default = runtime.settings.default_plan
    used = await plans.usage(runtime.database, user_id=user.user_id, default=default, now=utcnow())
    return ModelAnswer(used)


@plans_router.put(
    "/admin/users/{user_id}/plan",
    response_model=PlanChoice,
    responses=responses(AdminRequired, errors.PlanTooSmall),
)
async def choose_plan(session: Session, _: AdminUser, user_id: Id, body: PlanChoice) -> Response:
    """Set a user's plan (admin only). The subscription alone gives access, not a plan."""
    await plans.choose(session, user_id=user_id, plan=body.plan, now=utcnow())
    return ModelAnswer(PlanChoice(plan=body.plan))


@savings_router.get("/dashboard", response_model=Dashboard, responses=responses(SubscriptionRequired))
async def dashboard(runtime: RuntimeDep, user: Subscriber) -> Response:
    """Your employees, what they saved this month, and how much of your plan is used."""
    now, default = utcnow(), runtime.settings.default_plan
    used = await plans.usage(runtime.database, user_id=user.user_id, default=default, now=now)
    return ModelAnswer(
        await queries.dashboard(runtime.database, user_id=user.user_id, now=now, plan_usage=used)
    )


@savings_router.get("/analytics", response_model=Analytics, responses=responses(SubscriptionRequired))
async def analytics(
    runtime: RuntimeDep,
    user: Subscriber,
    months: Annotated[int, Field(ge=1, le=36), PlainNumber, Query()] = 12,
) -> Response:
    """What your employees saved, in total and by month."""
    return ModelAnswer(
        await queries.analytics(runtime.database, user_id=user.user_id, months=months, now=utcnow())
    )


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
