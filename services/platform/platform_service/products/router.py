"""/api/platform/products and /api/payment/plans: the same list, under both names that clients know."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from platform_service.products.schemas import Product
from platform_service.products.service import TAG, products_json
from shared.web.deps import RuntimeDep
from shared.web.response_cache import cached_response
from shared.web.routes import public

router = APIRouter(tags=["products"], dependencies=[public])
KEY = "products"
MEMORY_SECONDS = 10
REDIS_SECONDS = 300
MAX_AGE_SECONDS = 30


@router.get("/api/platform/products", response_model=list[Product])
@router.get("/api/payment/plans", response_model=list[Product], operation_id="list_plans")
async def list_products(request: Request, runtime: RuntimeDep) -> Response:
    """The products that users can subscribe to."""
    entry = await runtime.cache.get_or_load_entry(
        KEY,
        lambda: products_json(runtime.database),
        memory_ttl=MEMORY_SECONDS,
        redis_ttl=REDIS_SECONDS,
        tags=[TAG],
        at_first_sight=True,
    )
    return cached_response(request, entry, key=KEY, max_age=MAX_AGE_SECONDS)
