"""Savings over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import Field

from ai_service.deps import AUTOMATION, Subscriber
from ai_service.plans.service import usage
from ai_service.savings import queries
from ai_service.savings.schemas import Analytics, Dashboard
from shared.auth.errors import SubscriptionRequired
from shared.schemas.dates import utcnow
from shared.schemas.types import PlainNumber
from shared.web.answers import ModelAnswer
from shared.web.deps import RuntimeDep
from shared.web.problems import responses

router = APIRouter(prefix=AUTOMATION, tags=["savings"])


@router.get("/dashboard", response_model=Dashboard, responses=responses(SubscriptionRequired))
async def dashboard(runtime: RuntimeDep, user: Subscriber) -> Response:
    """Your employees, what they saved this month, and how much of your plan is used."""
    now, default = utcnow(), runtime.settings.default_plan
    used = await usage(runtime.database, user_id=user.user_id, default=default, now=now)
    return ModelAnswer(
        await queries.dashboard(runtime.database, user_id=user.user_id, now=now, plan_usage=used)
    )


@router.get("/analytics", response_model=Analytics, responses=responses(SubscriptionRequired))
async def analytics(
    runtime: RuntimeDep,
    user: Subscriber,
    months: Annotated[int, Field(ge=1, le=36), PlainNumber, Query()] = 12,
) -> Response:
    """What your employees saved, in total and by month."""
    return ModelAnswer(
        await queries.analytics(runtime.database, user_id=user.user_id, months=months, now=utcnow())
    )
