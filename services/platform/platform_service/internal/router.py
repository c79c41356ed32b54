"""/internal: for our own services, by their tokens. The gateway has no route to it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from platform_service.internal import service
from platform_service.internal.schemas import EntitlementSnapshot, EntitlementsOfUser, UserSnapshot
from shared.auth.service_caller import ServiceCaller
from shared.schemas.json import JSONBytes
from shared.schemas.types import Id, Text
from shared.web.deps import RuntimeDep

router = APIRouter(prefix="/internal", tags=["internal"])
After = Annotated[str | None, Text(1, 512), Query(description="`next` of the part before.")]
Limit = Annotated[int, Query(ge=1, le=5000)]


@router.get("/entitlements/{user_id}", response_model=EntitlementsOfUser)
async def entitlements(user_id: Annotated[Id, Path()], _: ServiceCaller, runtime: RuntimeDep) -> JSONBytes:
    """What one user may use, as last committed."""
    return JSONBytes(await service.entitlements_of(runtime.database, user_id=user_id))


@router.get("/snapshots/entitlements", response_model=EntitlementSnapshot)
async def entitlement_snapshot(
    _: ServiceCaller, runtime: RuntimeDep, after: After = None, limit: Limit = 1000
) -> JSONBytes:
    """All entitlements, part by part."""
    return JSONBytes(await service.entitlements_after(runtime.database, after=after, limit=limit))


@router.get("/snapshots/users", response_model=UserSnapshot)
async def user_snapshot(
    _: ServiceCaller, runtime: RuntimeDep, after: After = None, limit: Limit = 1000
) -> JSONBytes:
    """All users, part by part."""
    return JSONBytes(await service.users_after(runtime.database, after=after, limit=limit))
