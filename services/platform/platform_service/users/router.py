"""/api/platform/admin/users: the users, for administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from platform_service.deps import ResourcesDep
from platform_service.users import service
from platform_service.users.errors import OwnAccount, UnknownUser
from platform_service.users.models import Role
from platform_service.users.schemas import ListedUser, UserChange, UserPage
from shared.auth.dependencies import AdminUser
from shared.schemas.json import JSONBytes
from shared.schemas.text import Text
from shared.schemas.types import Id
from shared.web.deps import RuntimeDep, Session
from shared.web.paging import PageQuery, page_of, page_query
from shared.web.problems import responses

router = APIRouter(prefix="/api/platform/admin/users", tags=["admin"])


@router.get("", response_model=UserPage)
async def list_users(
    _: AdminUser,
    runtime: RuntimeDep,
    page: Annotated[PageQuery, page_query(default=20)],
    q: Annotated[
        str | None, Text(0, 120), Query(description="A part of the name or the e-mail address.")
    ] = None,
    role: Role | None = None,
    active: bool | None = None,
) -> JSONBytes:
    """Users, newest first, each with the number of active subscriptions."""
    users, total = await service.page_of_users(
        runtime.database, q=q, role=role, active=active, offset=page.offset, limit=page.per_page
    )
    return JSONBytes(page_of("users", users, total=total, page=page.page, per_page=page.per_page))


@router.patch("/{user_id}", response_model=ListedUser, responses=responses(UnknownUser, OwnAccount))
async def change_user(
    user_id: Annotated[Id, Path()],
    body: UserChange,
    admin: AdminUser,
    session: Session,
    resources: ResourcesDep,
) -> JSONBytes:
    """Change a user's role or deactivate them; they are logged out everywhere."""
    user = await service.change_user(
        session,
        resources,
        admin_id=admin.user_id,
        user_id=user_id,
        role=body.role,
        is_active=body.is_active,
    )
    return JSONBytes(user)
