"""/api/payment/subscriptions: the user's own subscriptions."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request

from platform_service.answers import Message
from platform_service.deps import DatabaseDep, Grace
from platform_service.subscriptions import queries, service
from platform_service.subscriptions.errors import NotYourSubscription, UnknownSubscription
from platform_service.subscriptions.schemas import Subscription
from shared.auth.dependencies import CurrentUser
from shared.schemas.dates import utcnow
from shared.schemas.json import JSONBytes
from shared.schemas.keyset import InvalidCursor
from shared.schemas.types import Id
from shared.web.deps import Session
from shared.web.paging import Listing, bare_list
from shared.web.problems import responses

router = APIRouter(prefix="/api/payment/subscriptions", tags=["subscriptions"])


@router.get("", response_model=list[Subscription], responses=responses(InvalidCursor))
async def list_subscriptions(
    request: Request, user: CurrentUser, database: DatabaseDep, grace: Grace, query: Listing
) -> JSONBytes:
    """The user's subscriptions, the newest first; the next page stands in the headers Link and X-Next-Cursor."""
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
