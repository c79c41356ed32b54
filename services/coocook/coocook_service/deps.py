"""What coocook's endpoints ask for, as annotated names that read as English."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request

from coocook_service.tables import IdempotencyRecord
from shared.auth.dependencies import SubscriberOrOwnerGuard, requires_subscription
from shared.auth.entitlements import Entitlements
from shared.auth.tokens import Principal
from shared.idempotency.idempotent import IdempotentWork, idempotency_of
from shared.payments.provider import PaymentProvider

PREFIX = "/api/coocook"
PRODUCT = "coocook"

Subscriber = Annotated[Principal, Depends(requires_subscription(PRODUCT))]
"""A user who has subscribed to coocook."""


IS_CHEF = "SELECT FROM chefs WHERE user_id = $1"
SubscriberOrChef = Annotated[Principal, Depends(SubscriberOrOwnerGuard(PRODUCT, owns=IS_CHEF))]
"""A user who has subscribed to coocook, or who is a chef."""


async def get_provider(request: Request) -> PaymentProvider:
    """Who charges cards."""
    return cast("PaymentProvider", request.app.state.payments)


async def get_entitlements(request: Request) -> Entitlements:
    """Who has subscribed to what."""
    return cast("Entitlements", request.app.state.entitlements)


Provider = Annotated[PaymentProvider, Depends(get_provider)]
EntitlementsDep = Annotated[Entitlements, Depends(get_entitlements)]

Idempotent = Annotated[IdempotentWork, Depends(idempotency_of(IdempotencyRecord))]
"""Does an endpoint's work once for each Idempotency-Key."""
