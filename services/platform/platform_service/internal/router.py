"""/internal: for our own services, by their tokens. The gateway has no route to it.

The tokens that services call with name what they are for. Those for one user's entitlements may be repeated within
their minute: they are asked for before each denial, also while Redis is away, and show again what they showed.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field

from platform_service.internal import service
from platform_service.internal.schemas import EntitlementSnapshot, EntitlementsOfUser, UserSnapshot
from platform_service.internal.service import KNOWS_USERS, PRODUCTS
from shared.auth.dependencies import ServiceGuard
from shared.auth.errors import ServiceNotAllowed
from shared.schemas.json import JSONBytes
from shared.schemas.text import UnnormalizedText
from shared.schemas.types import Id, PlainNumber
from shared.web.deps import RuntimeDep
from shared.web.problems import responses

router = APIRouter(prefix="/internal", tags=["internal"])
EntitlementReader = Annotated[str, Depends(ServiceGuard("entitlements", PRODUCTS))]
EntitlementCopier = Annotated[str, Depends(ServiceGuard("snapshots/entitlements", PRODUCTS, single_use=True))]
UserCopier = Annotated[str, Depends(ServiceGuard("snapshots/users", KNOWS_USERS, single_use=True))]
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
