"""Who may call what is for our own services only: apart from the tokens, which workers make without FastAPI."""

import time
from collections.abc import Collection

from fastapi import Request
from redis.asyncio import Redis

from shared.auth.bearer import BearerGuard, bearer_token
from shared.auth.errors import InvalidToken, ServiceNotAllowed
from shared.auth.service_tokens import LEEWAY_SECONDS, ServiceToken, ServiceTokenVerifier


class ServiceGuard(BearerGuard):
    """Lets those of our services in that need `scope`: `callers`.

    A token that names another scope is refused. With `once`, where much is read or anything is changed, so is one that
    names none, and each is taken a single time: who overheard it comes too late. That asks Redis, and is a 503
    without it.
    """

    def __init__(self, scope: str, callers: Collection[str], *, once: bool = False) -> None:
        super().__init__("serviceToken", "A token of one of our services, signed with its own secret.")
        self.scope = scope
        self.callers = frozenset(callers)
        self._once = once

    async def __call__(self, request: Request) -> str:
        """The name of the calling service. The verifier is `app.state.service_tokens`, put there by the lifespan.

        Raises InvalidToken (401), ServiceNotAllowed (403).
        """
        verifier: ServiceTokenVerifier = request.app.state.service_tokens
        token = verifier.verify(bearer_token(request))
        if token.scope != self.scope and (token.scope or self._once):
            raise InvalidToken
        if token.caller not in self.callers:
            raise ServiceNotAllowed
        if self._once:
            await _use_up(request.app.state.runtime.redis, token)
        return token.caller


async def _use_up(redis: Redis, token: ServiceToken) -> None:
    if not token.id:
        raise InvalidToken
    seconds = int(token.expires_at + LEEWAY_SECONDS - time.time()) + 1
    key = f"service-token:{token.caller}:{token.id}"
    if not await redis.set(key, "used", nx=True, ex=max(1, seconds)):
        raise InvalidToken
