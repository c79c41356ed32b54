"""/api/platform/admin/revenue: what the business earns, for administrators."""

from __future__ import annotations

from fastapi import APIRouter

from platform_service.deps import ResourcesDep
from platform_service.payments import revenue
from platform_service.payments.schemas import Revenue
from shared.auth.dependencies import AdminUser
from shared.schemas.json import JSONBytes

router = APIRouter(prefix="/api/platform/admin", tags=["admin"])


@router.get("/revenue", response_model=Revenue)
async def read_revenue(_: AdminUser, resources: ResourcesDep) -> JSONBytes:
    """Monthly and annual recurring revenue and total revenue, by product and by currency."""
    return JSONBytes(await revenue.revenue(resources.runtime.database, resources.settings))
