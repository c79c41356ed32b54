"""Plans over HTTP."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from ai_service.deps import AUTOMATION, PUBLIC_SECONDS, Subscriber
from ai_service.plans import rules, service
from ai_service.plans.errors import PlanTooSmall
from ai_service.plans.schemas import PlanChoice, PlanShown, Usage
from shared.auth.dependencies import AdminUser
from shared.auth.errors import AdminRequired, SubscriptionRequired
from shared.cache import Entry
from shared.schemas.dates import utcnow
from shared.schemas.json import dumps
from shared.schemas.types import Id
from shared.web.answers import ModelAnswer
from shared.web.deps import RuntimeDep, Session
from shared.web.problems import responses
from shared.web.response_cache import CachedJSON
from shared.web.routes import public

router = APIRouter(prefix=AUTOMATION, tags=["plans"])
_PLANS: Final = Entry.of(dumps({name: PlanShown(**asdict(plan)) for name, plan in rules.PLANS.items()}))


@router.get("/plans", response_model=dict[rules.PlanName, PlanShown], dependencies=[public])
async def list_plans(request: Request) -> Response:
    """The plans to choose from."""
    return CachedJSON(request, _PLANS.body, etag=_PLANS.etag, max_age=PUBLIC_SECONDS)


@router.get("/plan", response_model=Usage, responses=responses(SubscriptionRequired))
async def own_plan(runtime: RuntimeDep, user: Subscriber) -> Response:
    """Your plan, and what you have used of it this month."""
    default = runtime.settings.default_plan
    used = await service.usage(runtime.database, user_id=user.user_id, default=default, now=utcnow())
    return ModelAnswer(used)


@router.put(
    "/admin/users/{user_id}/plan", response_model=PlanChoice, responses=responses(AdminRequired, PlanTooSmall)
)
async def choose_plan(session: Session, _: AdminUser, user_id: Id, body: PlanChoice) -> Response:
    """Set a user's plan (admin only). The subscription alone gives access, not a plan."""
    await service.choose(session, user_id=user_id, plan=body.plan, now=utcnow())
    return ModelAnswer(PlanChoice(plan=body.plan))
