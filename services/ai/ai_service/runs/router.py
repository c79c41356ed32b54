"""Runs over HTTP."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import Response, StreamingResponse

from ai_service.deps import AUTOMATION, Idempotent, Subscriber
from ai_service.employees.errors import EmployeeNotFound, TokenLimitReached
from ai_service.employees.service import lock_employee
from ai_service.runs import errors, service
from ai_service.runs.live_view import HEADERS, START, Watched, Watchers, watch
from ai_service.runs.schemas import NewRun, RunAccepted, RunCanceled, RunCard, RunShown
from ai_service.runs.service import cancel
from shared.auth.errors import SubscriptionRequired
from shared.db.constraints import LimitReached
from shared.schemas.keyset import InvalidCursor
from shared.schemas.text import RawString
from shared.schemas.types import Id
from shared.web.answers import ModelAnswer
from shared.web.deps import RuntimeDep, Session
from shared.web.paging import Listing, bare_list
from shared.web.problems import responses

router = APIRouter(prefix=f"{AUTOMATION}/employees/{{employee_id}}/runs", tags=["runs"])
LastEventId = Annotated[
    str | None, RawString(), Header(alias="Last-Event-ID", pattern=r"^[0-9]{1,15}-[0-9]{1,15}$")
]


async def get_watchers(request: Request) -> Watchers:
    """Who watches runs through this process."""
    return cast("Watchers", request.app.state.watchers)


@router.post(
    "",
    status_code=202,
    response_model=RunAccepted,
    responses=responses(
        EmployeeNotFound,
        errors.EmployeeNotActive,
        LimitReached,
        TokenLimitReached,
        errors.WrongInput,
        SubscriptionRequired,
    ),
)
async def create_run(
    session: Session,
    runtime: RuntimeDep,
    idempotent: Idempotent,
    user: Subscriber,
    employee_id: Id,
    body: NewRun,
) -> Response:
    """Give an active employee work, which a worker does in the background."""

    async def work() -> RunAccepted:
        employee = await lock_employee(session, user_id=user.user_id, employee_id=employee_id)
        run = await service.accept(
            session,
            employee,
            given=body.input,
            default_plan=runtime.settings.default_plan,
            thinking_tokens=runtime.settings.llm_thinking_tokens,
        )
        url = f"{AUTOMATION}/employees/{employee_id}/runs/{run.id}"
        return RunAccepted(
            id=run.id, message="The run is queued.", status=run.status, url=url, events=f"{url}/events"
        )

    request = {"employee_id": employee_id, **body.model_dump(mode="json")}
    return await idempotent(operation="runs.create", request=request, work=work)


@router.get(
    "",
    response_model=list[RunCard],
    responses=responses(InvalidCursor, EmployeeNotFound, SubscriptionRequired),
)
async def list_runs(
    request: Request, runtime: RuntimeDep, user: Subscriber, employee_id: Id, query: Listing
) -> Response:
    """An employee's runs, newest first; the Link and X-Next-Cursor headers lead to the next page."""
    rows, last = await service.of_employee(
        runtime.database,
        user_id=user.user_id,
        employee_id=employee_id,
        limit=query.limit,
        before=query.before,
    )
    if not rows and not await service.has_employee(
        runtime.database, user_id=user.user_id, employee_id=employee_id
    ):
        raise EmployeeNotFound
    return bare_list(request, query, rows, last)


@router.get(
    "/{run_id}", response_model=RunShown, responses=responses(errors.RunNotFound, SubscriptionRequired)
)
async def get_run(runtime: RuntimeDep, user: Subscriber, employee_id: Id, run_id: Id) -> Response:
    """One run with its input, its output and each attempt."""
    run = await service.one(runtime.database, user_id=user.user_id, employee_id=employee_id, run_id=run_id)
    return ModelAnswer(run)


@router.post(
    "/{run_id}/cancel",
    response_model=RunCanceled,
    responses=responses(errors.RunNotFound, errors.RunIsOver, SubscriptionRequired),
)
async def cancel_run(session: Session, user: Subscriber, employee_id: Id, run_id: Id) -> Response:
    """Cancel a run. The rest of the model's reply is discarded."""
    run = await cancel(session, user_id=user.user_id, employee_id=employee_id, run_id=run_id)
    return ModelAnswer(RunCanceled(id=run.id, message="The run is canceled.", status=run.status))


@router.get(
    "/{run_id}/events",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"text/event-stream": {}}, "description": "`attempt`, `text`, `status`, `done`"},
        **responses(errors.RunNotFound, errors.TooManyWatchers, SubscriptionRequired),
    },
)
async def watch_run(
    request: Request,
    runtime: RuntimeDep,
    user: Subscriber,
    watchers: Annotated[Watchers, Depends(get_watchers)],
    employee_id: Id,
    run_id: Id,
    last_event_id: LastEventId = None,
) -> Response:
    """Watch a run: `attempt` when one starts, `text` as it is written, `status` at each change, and `done`
    with the run.

    With `Last-Event-ID` the stream continues after that event. A new `attempt` replaces the text before it.
    """
    await request.body()  # a client that sends one learns now what is wrong with it, not amid the stream
    await service.one(runtime.database, user_id=user.user_id, employee_id=employee_id, run_id=run_id)
    watchers.admit()
    watched = Watched(user.user_id, employee_id, run_id, last_event_id or START)
    return StreamingResponse(
        watch(runtime, watchers, watched), media_type="text/event-stream", headers=HEADERS
    )
