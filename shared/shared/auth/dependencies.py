"""What an endpoint writes to say who may call it: `user: CurrentUser`, `admin: AdminUser`, a subscriber, a service."""

from __future__ import annotations

import re
import time
from collections.abc import Collection
from typing import Annotated, Any, Final

from fastapi import Depends, Request
from fastapi.openapi.models import HTTPBearer as HTTPBearerModel
from fastapi.security.base import SecurityBase
from redis.asyncio import Redis

from shared.auth.entitlements import Entitlements
from shared.auth.errors import AdminRequired, InvalidToken, ServiceNotAllowed, SubscriptionRequired
from shared.auth.service_tokens import LEEWAY_SECONDS, ServiceToken, ServiceTokenVerifier
from shared.auth.tokens import Principal, TokenVerifier
from shared.observability.context import set_user

# RFC 7235's token68, so a header with commas, quotes or spaces in its credentials never reaches the verifier
_BEARER: Final = re.compile(rb"[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9\-._~+/]+=*)")


class BearerGuard(SecurityBase):
    """A dependency that returns the caller, by the request's bearer token; subclasses decide who is allowed.

    It is one dependency from the header to the caller: FastAPI needs as long for one more level as the check itself
    takes.
    """

    def __init__(self, name: str, description: str) -> None:
        self.scheme_name = name
        self.model = HTTPBearerModel(description=description, bearerFormat="JWT")

    async def __call__(self, request: Request) -> Any:
        """The caller. Raises InvalidToken (401)."""
        raise NotImplementedError


def bearer_token(request: Request) -> str:
    """The bearer token. Raises InvalidToken where there is not exactly one."""
    values = [value for name, value in request.scope["headers"] if name == b"authorization"]
    match = _BEARER.fullmatch(values[0]) if len(values) == 1 else None
    if match is None:
        raise InvalidToken
    return match[1].decode("ascii")


_CALLER: Final = "softfactory.caller"


class UserGuard(BearerGuard):
    """Lets every user in."""

    def __init__(self) -> None:
        super().__init__("accessToken", "The access token returned by login.")

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
            message = f"An active subscription to {self.product} is required."
            raise SubscriptionRequired(message, product=self.product)
        return user


class SubscriberOrOwnerGuard(SubscriberGuard):
    """Lets in subscribers, and users who own something that others wait for: an ended subscription must not keep them
    from acting on it."""

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
    """A dependency that returns the user if they have subscribed to this product (its slug).

    Use it as `Subscriber = Annotated[Principal, Depends(requires_subscription("coocook"))]`. It raises InvalidToken
    (401) or SubscriptionRequired (403), and reads `app.state.entitlements`, which the service's lifespan puts there.
    """
    return SubscriberGuard(product)


def caller_of(request: Request) -> Principal:
    """The user whom a guard has admitted to this request; available to every endpoint that has a guard."""
    caller: Principal = request.scope[_CALLER]
    return caller


class ServiceGuard(BearerGuard):
    """Lets in the services named in `callers`, with a token for `scope`.

    A token for another scope is refused. `single_use` is for endpoints that return a lot or change something: it also
    refuses a token that names no scope, and accepts each token only once, so that an intercepted one is worthless. That
    needs Redis; without it the answer is a 503.
    """

    def __init__(self, scope: str, callers: Collection[str], *, single_use: bool = False) -> None:
        super().__init__("serviceToken", "A token of one of our services, signed with its own secret.")
        self.scope = scope
        self.callers = frozenset(callers)
        self._single_use = single_use

    async def __call__(self, request: Request) -> str:
        """The name of the calling service. The verifier is `app.state.service_tokens`, put there by the lifespan.

        Raises InvalidToken (401), ServiceNotAllowed (403).
        """
        verifier: ServiceTokenVerifier = request.app.state.service_tokens
        token = verifier.verify(bearer_token(request))
        if token.scope != self.scope and (token.scope or self._single_use):
            raise InvalidToken
        if token.caller not in self.callers:
            raise ServiceNotAllowed
        if self._single_use:
            await _use_up(request.app.state.runtime.redis, token)
        return token.caller


async def _use_up(redis: Redis, token: ServiceToken) -> None:
    if not token.id:
        raise InvalidToken
    seconds = int(token.expires_at + LEEWAY_SECONDS - time.time()) + 1
    key = f"service-token:{token.caller}:{token.id}"
    if not await redis.set(key, "used", nx=True, ex=max(1, seconds)):
        raise InvalidToken
