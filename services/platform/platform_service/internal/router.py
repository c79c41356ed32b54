"""/internal: for our own services, by their tokens. The gateway has no route to it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from platform_service.internal import service
from platform_service.internal.access import EntitlementCopier, EntitlementReader, UserCopier
from platform_service.internal.schemas import EntitlementSnapshot, EntitlementsOfUser, UserSnapshot
from shared.auth.errors import ServiceNotAllowed
from shared.schemas.json import JSONBytes
from shared.schemas.text import UnnormalizedText
from shared.schemas.types import Id, PlainNumber
from shared.web.deps import RuntimeDep
from shared.web.problems import responses

router = APIRouter(prefix="/internal", tags=["internal"])
After = Annotated[str | None, UnnormalizedText(1, 512), Query(description="`next` of the part before.")]
Limit = Annotated[int, Field(ge=1, le=5000), PlainNumber, Query()]


@router.get(
    "/entitlements/{user_id}", response_model=EntitlementsOfUser, responses=responses(ServiceNotAllowed)
)
async def entitlements(
    user_id: Annotated[Id, Path()], caller: EntitlementReader, runtime: RuntimeDep
) -> JSONBytes:
    """One user's entitlements to the caller's products, as last committed."""
    return JSONBytes(await service.entitlements_of(runtime.database, caller=caller, user_id=user_id))


@router.get(
    "/snapshots/entitlements", response_model=EntitlementSnapshot, responses=responses(ServiceNotAllowed)
)
async def entitlement_snapshot(
    caller: EntitlementCopier, runtime: RuntimeDep, after: After = None, limit: Limit = 1000
) -> JSONBytes:
    """All entitlements to the caller's products, page by page. Each page needs a token of its own."""
    return JSONBytes(
        await service.entitlements_after(runtime.database, caller=caller, after=after, limit=limit)
    )


@router.get("/snapshots/users", response_model=UserSnapshot, responses=responses(ServiceNotAllowed))
async def user_snapshot(
    _: UserCopier, runtime: RuntimeDep, after: After = None, limit: Limit = 1000
) -> JSONBytes:
    """All users, page by page. Each page needs a token of its own."""
    return JSONBytes(await service.users_after(runtime.database, after=after, limit=limit))
