"""What coocook's endpoints ask for, as annotated names that read as English."""

from __future__ import annotations

from functools import partial
from typing import Annotated, cast

from fastapi import Depends, Request

from coocook_service.tables import IdempotencyKey
from shared.auth.dependencies import SubscriberGuard, UserGuard, requires_subscription
from shared.auth.entitlements import Entitlements
from shared.auth.errors import SubscriptionRequired
from shared.auth.tokens import Principal
from shared.payments.provider import PaymentProvider
from shared.web.once import once as once_in

PREFIX = "/api/coocook"
PRODUCT = "coocook"

Subscriber = Annotated[Principal, Depends(requires_subscription(PRODUCT))]
"""A user who has subscribed to coocook."""


class SubscriberOrChefGuard(SubscriberGuard):
    """Lets subscribers in, and chefs: who may be booked without a subscription can act on bookings without one."""

    async def __call__(self, request: Request) -> Principal:
        """The user. Raises InvalidToken (401), or SubscriptionRequired (403) for one who is neither."""
        try:
            return await super().__call__(request)
        except SubscriptionRequired:
            user = await UserGuard.__call__(self, request)
            database = request.app.state.runtime.database
            if not await database.fetch("SELECT FROM chefs WHERE user_id = $1", user.user_id):
                raise
            return user


SubscriberOrChef = Annotated[Principal, Depends(SubscriberOrChefGuard(PRODUCT))]
"""A user who has subscribed to coocook, or who is a chef."""


async def get_provider(request: Request) -> PaymentProvider:
    """Who charges cards."""
    return cast(PaymentProvider, request.app.state.payments)


async def get_entitlements(request: Request) -> Entitlements:
    """Who has subscribed to what."""
    return cast(Entitlements, request.app.state.entitlements)


Provider = Annotated[PaymentProvider, Depends(get_provider)]
EntitlementsDep = Annotated[Entitlements, Depends(get_entitlements)]

once = partial(once_in, table=IdempotencyKey)
"""The answer of an endpoint's work, or the one that it gave to the same request before."""
