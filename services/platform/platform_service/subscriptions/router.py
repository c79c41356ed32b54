"""What can be subscribed to, and the user's own subscriptions."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from platform_service.deps import DatabaseDep, Grace, Message
from platform_service.subscriptions import queries, service
from platform_service.subscriptions.errors import NotYourSubscription, UnknownSubscription
from platform_service.subscriptions.queries import TAG, products_json
from platform_service.subscriptions.schemas import Product, Subscription
from shared.auth.dependencies import CurrentUser
from shared.schemas.dates import utcnow
from shared.schemas.json import JSONBytes
from shared.schemas.keyset import InvalidCursor
from shared.schemas.types import Id
from shared.web.deps import RuntimeDep, Session
from shared.web.paging import Listing, bare_list
from shared.web.problems import responses
from shared.web.response_cache import cached_response
from shared.web.routes import public

products = APIRouter(tags=["products"], dependencies=[public])
KEY = "products"
MEMORY_SECONDS = 10
REDIS_SECONDS = 300
MAX_AGE_SECONDS = 30


@products.get("/api/platform/products", response_model=list[Product])
@products.get("/api/payment/plans", response_model=list[Product], operation_id="list_plans")
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


router = APIRouter(prefix="/api/payment/subscriptions", tags=["subscriptions"])


@router.get("", response_model=list[Subscription], responses=responses(InvalidCursor))
async def list_subscriptions(
    request: Request, user: CurrentUser, database: DatabaseDep, grace: Grace, query: Listing
) -> JSONBytes:
    """The user's subscriptions, newest first; the Link and X-Next-Cursor headers lead to the next page."""
    now = utcnow()
    async with database.read(fresh=True) as connection:
        rows, last = await queries.page_of_subscriptions(
            connection, user_id=user.user_id, limit=query.limit, before=query.before
        )
    return bare_list(request, query, [row.as_of(now, grace=grace) for row in rows], last)


@router.delete("/{subscription_id}", responses=responses(UnknownSubscription, NotYourSubscription))
async def cancel_subscription(
    subscription_id: Annotated[Id, Path()], user: CurrentUser, session: Session, grace: Grace
) -> Message:
    """Cancel a subscription. Access ends at once."""
    message = await service.cancel(
        session, subscription_id=subscription_id, user_id=user.user_id, grace=grace
    )
    return Message(message=message)
