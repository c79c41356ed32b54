"""/api/payment/subscriptions: the user's own subscriptions."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from platform_service.auth.schemas import Message
from platform_service.deps import ResourcesDep
from platform_service.subscriptions import service
from platform_service.subscriptions.errors import NotYourSubscription, UnknownSubscription
from platform_service.subscriptions.schemas import Subscription, subscription_shape
from shared.auth.dependencies import CurrentUser
from shared.clock import utcnow
from shared.schemas.json import JSONBytes
from shared.schemas.types import Id
from shared.web.deps import Session
from shared.web.problems import responses

router = APIRouter(prefix="/api/payment/subscriptions", tags=["subscriptions"])


@router.get("", response_model=list[Subscription])
async def list_subscriptions(user: CurrentUser, resources: ResourcesDep) -> JSONBytes:
    """The user's subscriptions, the newest first."""
    grace, now = resources.settings.subscription_grace, utcnow()
    async with resources.runtime.database.read(fresh=True) as connection:
        rows = (await connection.execute(service.rows_of(user.user_id))).all()
    return JSONBytes([subscription_shape(row, grace=grace, now=now) for row in rows])


@router.delete("/{subscription_id}", responses=responses(UnknownSubscription, NotYourSubscription))
async def cancel_subscription(
    subscription_id: Annotated[Id, Path()], user: CurrentUser, session: Session, resources: ResourcesDep
) -> Message:
    """Cancel a subscription. Access ends at once."""
    message = await service.cancel(
        session,
        subscription_id=subscription_id,
        user_id=user.user_id,
        grace=resources.settings.subscription_grace,
    )
    return Message(message=message)
