"""/api/platform/admin: the users and the revenue, for administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from platform_service.admin import revenue, service
from platform_service.admin.errors import OwnAccount, UnknownUser
from platform_service.admin.schemas import ListedUser, Revenue, UserChange, UserPage
from platform_service.auth.router import Revoker
from platform_service.deps import DatabaseDep, Settings
from platform_service.users.models import Role
from shared.auth.dependencies import AdminUser
from shared.schemas.text import Text
from shared.schemas.types import Id
from shared.web.answers import ModelAnswer
from shared.web.deps import Session
from shared.web.paging import PageQuery, page_of, page_query
from shared.web.problems import responses

router = APIRouter(prefix="/api/platform/admin", tags=["admin"])


@router.get("/users", response_model=UserPage)
async def list_users(
    _: AdminUser,
    database: DatabaseDep,
    page: Annotated[PageQuery, page_query(default=20)],
    q: Annotated[
        str | None, Text(0, 120), Query(description="A part of the name or the e-mail address.")
    ] = None,
    role: Role | None = None,
    active: bool | None = None,
) -> ModelAnswer:
    """Users, newest first, each with the number of active subscriptions."""
    users, total = await service.page_of_users(
        database, q=q, role=role, active=active, offset=page.offset, limit=page.per_page
    )
    return ModelAnswer(
        UserPage(**page_of("users", users, total=total, page=page.page, per_page=page.per_page))
    )


@router.patch("/users/{user_id}", response_model=ListedUser, responses=responses(UnknownUser, OwnAccount))
async def change_user(
    user_id: Annotated[Id, Path()],
    body: UserChange,
    admin: AdminUser,
    session: Session,
    revoker: Revoker,
) -> ModelAnswer:
    """Change a user's role or deactivate them; they are logged out everywhere."""
    user = await service.change_user(
        session,
        revoker=revoker,
        admin_id=admin.user_id,
        user_id=user_id,
        role=body.role,
        is_active=body.is_active,
    )
    return ModelAnswer(user)


@router.get("/revenue", response_model=Revenue)
async def read_revenue(_: AdminUser, database: DatabaseDep, settings: Settings) -> ModelAnswer:
    """Monthly and annual recurring revenue and total revenue, by product and by currency."""
    report = await revenue.revenue(
        database,
        grace=settings.subscription_grace,
        currency=settings.reporting_currency,
        rates=settings.exchange_rates,
    )
    return ModelAnswer(report)
