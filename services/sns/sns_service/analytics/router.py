"""Analytics over HTTP."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from shared.auth.errors import SubscriptionRequired
from shared.web.answers import ModelAnswer
from shared.web.deps import RuntimeDep
from shared.web.problems import responses
from sns_service.analytics import queries
from sns_service.analytics.schemas import Analytics
from sns_service.deps import PREFIX, Subscriber

router = APIRouter(prefix=PREFIX, tags=["analytics"])


@router.get("/analytics", response_model=Analytics, responses=responses(SubscriptionRequired))
async def get_analytics(runtime: RuntimeDep, user: Subscriber) -> Response:
    """The engagement of your published posts. The networks are asked for the counts from time to time."""
    return ModelAnswer(await queries.summary(runtime.database, user_id=user.user_id))
