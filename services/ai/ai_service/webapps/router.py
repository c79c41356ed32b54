"""Web apps over HTTP."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from ai_service.deps import BOOTCAMP, Idempotent, Student
from ai_service.webapps import errors, service
from ai_service.webapps.models import WebApp
from ai_service.webapps.schemas import Deployment, NewWebApp, WebAppChanged, WebAppCreated, WebAppShown
from shared.auth.errors import SubscriptionRequired
from shared.schemas.keyset import InvalidCursor
from shared.schemas.types import Id
from shared.web.answers import ModelAnswer
from shared.web.deps import RuntimeDep, Session
from shared.web.paging import Listing, bare_list
from shared.web.problems import responses

router = APIRouter(prefix=f"{BOOTCAMP}/webapps", tags=["web apps"])
CHANGE_ERRORS = (errors.WebAppNotFound, errors.InvalidTransition, SubscriptionRequired)


@router.get("", response_model=list[WebAppShown], responses=responses(InvalidCursor, SubscriptionRequired))
async def list_webapps(request: Request, runtime: RuntimeDep, user: Student, query: Listing) -> Response:
    """Your web apps, newest first; the Link and X-Next-Cursor headers lead to the next page."""
    rows, last = await service.of_user(
        runtime.database, user_id=user.user_id, limit=query.limit, before=query.before
    )
    return bare_list(request, query, rows, last)


@router.post(
    "",
    status_code=201,
    response_model=WebAppCreated,
    responses=responses(errors.TooManyWebApps, SubscriptionRequired),
)
async def create_webapp(session: Session, idempotent: Idempotent, user: Student, body: NewWebApp) -> Response:
    """Create a web app as a draft."""

    async def work() -> WebAppCreated:
        webapp = await service.create(
            session, user_id=user.user_id, name=body.name, description=body.description or None
        )
        return WebAppCreated(id=webapp.id, message="The web app is a draft.", webapp=service.shown(webapp))

    return await idempotent(operation="webapps.create", request=body, work=work)


@router.get(
    "/{webapp_id}",
    response_model=WebAppShown,
    responses=responses(errors.WebAppNotFound, SubscriptionRequired),
)
async def get_webapp(runtime: RuntimeDep, user: Student, webapp_id: Id) -> Response:
    """One of your web apps."""
    return ModelAnswer(await service.one(runtime.database, user_id=user.user_id, webapp_id=webapp_id))


@router.post("/{webapp_id}/build", response_model=WebAppChanged, responses=responses(*CHANGE_ERRORS))
async def build_webapp(session: Session, user: Student, webapp_id: Id) -> Response:
    """Mark a web app as being built."""
    return _changed(await service.build(session, user_id=user.user_id, webapp_id=webapp_id))


@router.post("/{webapp_id}/deploy", response_model=WebAppChanged, responses=responses(*CHANGE_ERRORS))
async def deploy_webapp(
    session: Session, user: Student, webapp_id: Id, body: Deployment | None = None
) -> Response:
    """Mark a web app as deployed, with its address and its repository (https, public hosts)."""
    said = body or Deployment()
    webapp = await service.deploy(
        session, user_id=user.user_id, webapp_id=webapp_id, url=said.url, repo=said.repo
    )
    return _changed(webapp)


@router.post(
    "/{webapp_id}/launch", response_model=WebAppChanged, responses=responses(*CHANGE_ERRORS, errors.NoAddress)
)
async def launch_webapp(session: Session, user: Student, webapp_id: Id) -> Response:
    """Make a web app live. It must have an address."""
    return _changed(await service.launch(session, user_id=user.user_id, webapp_id=webapp_id))


def _changed(webapp: WebApp) -> Response:
    message = f"The web app is {webapp.status}."
    return ModelAnswer(WebAppChanged(message=message, webapp=service.shown(webapp)))
