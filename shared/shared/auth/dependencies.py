"""What an endpoint writes to say who may call it: `user: CurrentUser`, `admin: AdminUser`, a subscription."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request

from shared.auth.bearer import BearerToken
from shared.auth.entitlements import Entitlements
from shared.auth.errors import AdminRequired, SubscriptionRequired
from shared.auth.tokens import Principal, TokenVerifier
from shared.observability.context import set_user
from shared.web.policy import guard

user_bearer = BearerToken("accessToken", "The access token that login answered.")


@guard
async def current_user(request: Request, token: Annotated[str, Depends(user_bearer)]) -> Principal:
    """The user of the request's token. Raises InvalidToken (401)."""
    verifier: TokenVerifier = request.app.state.runtime.verifier
    principal = await verifier.verify(token)
    set_user(principal.user_id)
    return principal


CurrentUser = Annotated[Principal, Depends(current_user)]


async def admin_user(user: CurrentUser) -> Principal:
    """The user, who is an administrator. Raises InvalidToken (401) or AdminRequired (403)."""
    if not user.is_admin:
        raise AdminRequired
    return user


AdminUser = Annotated[Principal, Depends(admin_user)]


def requires_subscription(product: str) -> Callable[..., Awaitable[Principal]]:
    """A dependency that answers the user, who has a subscription of this product (its slug).

    Use it as `Subscriber = Annotated[Principal, Depends(requires_subscription("coocook"))]`. It raises InvalidToken
    (401) or SubscriptionRequired (403), and reads `app.state.entitlements`, which the service's lifespan puts there.
    """

    async def subscriber(request: Request, user: CurrentUser) -> Principal:
        entitlements: Entitlements = request.app.state.entitlements
        if await entitlements.check(user.user_id, product) is None:
            raise SubscriptionRequired(f"An active subscription of {product} is required.", product=product)
        return user

    return subscriber
