"""/api/platform/dashboard: the first page after login."""

from __future__ import annotations

from fastapi import APIRouter

from platform_service.dashboard import service
from platform_service.dashboard.schemas import Dashboard
from platform_service.deps import DatabaseDep, Grace
from shared.auth.dependencies import CurrentUser
from shared.web.answers import ModelAnswer

router = APIRouter(prefix="/api/platform", tags=["dashboard"])


@router.get("/dashboard", response_model=Dashboard)
async def dashboard(user: CurrentUser, database: DatabaseDep, grace: Grace) -> ModelAnswer:
    """The user and all products, with the user's subscriptions."""
    return ModelAnswer(await service.dashboard(database, user_id=user.user_id, grace=grace))
