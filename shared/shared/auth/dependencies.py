"""What an endpoint writes to say who may call it: `user: CurrentUser`, `admin: AdminUser`, a subscription."""

from typing import Annotated, Final

from fastapi import Depends, Request

from shared.auth.bearer import BearerGuard, bearer_token
from shared.auth.entitlements import Entitlements
from shared.auth.errors import AdminRequired, SubscriptionRequired
from shared.auth.tokens import Principal, TokenVerifier
from shared.observability.context import set_user

_CALLER: Final = "softfactory.caller"


class UserGuard(BearerGuard):
    """Lets every user in."""

    def __init__(self) -> None:
        super().__init__("accessToken", "The access token that login answered.")

    async def __call__(self, request: Request) -> Principal:
        """The user of the request's token. Raises InvalidToken (401)."""
        verifier: TokenVerifier = request.app.state.runtime.verifier
        principal = await verifier.verify(bearer_token(request))
        set_user(principal.user_id)
        request.scope[_CALLER] = principal
        return principal


class AdminGuard(UserGuard):
    """Lets administrators in."""

    async def __call__(self, request: Request) -> Principal:
        """The user, who is an administrator. Raises InvalidToken (401) or AdminRequired (403)."""
        user = await super().__call__(request)
        if not user.is_admin:
            raise AdminRequired
        return user


class SubscriberGuard(UserGuard):
    """Lets users in who have a subscription."""

    def __init__(self, product: str) -> None:
        super().__init__()
        self.product = product

    async def __call__(self, request: Request) -> Principal:
        """The user, who has subscribed. Raises InvalidToken (401) or SubscriptionRequired (403)."""
        user = await super().__call__(request)
        entitlements: Entitlements = request.app.state.entitlements
        if await entitlements.check(user.user_id, self.product) is None:
            message = f"An active subscription of {self.product} is required."
            raise SubscriptionRequired(message, product=self.product)
        return user


class SubscriberOrOwnerGuard(SubscriberGuard):
    """Lets subscribers in, and users who own something that others wait for: a subscription that has ended must not
    keep them from acting on it."""

    def __init__(self, product: str, *, owns: str) -> None:
        super().__init__(product)
        self._owns = owns

    async def __call__(self, request: Request) -> Principal:
        """The user. Raises InvalidToken (401), or SubscriptionRequired (403) for one who is neither."""
        try:
            return await super().__call__(request)
        except SubscriptionRequired:
            user = await UserGuard.__call__(self, request)
            if not await request.app.state.runtime.database.fetch(self._owns, user.user_id):
                raise
            return user


CurrentUser = Annotated[Principal, Depends(UserGuard())]
AdminUser = Annotated[Principal, Depends(AdminGuard())]


def requires_subscription(product: str) -> SubscriberGuard:
    """A dependency that answers the user, who has a subscription of this product (its slug).

    Use it as `Subscriber = Annotated[Principal, Depends(requires_subscription("coocook"))]`. It raises InvalidToken
    (401) or SubscriptionRequired (403), and reads `app.state.entitlements`, which the service's lifespan puts there.
    """
    return SubscriberGuard(product)


def caller_of(request: Request) -> Principal:
    """The user whom a guard has let in to this request; for what every endpoint with a guard may ask for."""
    caller: Principal = request.scope[_CALLER]
    return caller
