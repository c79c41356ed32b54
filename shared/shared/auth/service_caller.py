"""Who may call what is for our own services only: apart from the tokens, which workers make without FastAPI."""

from typing import Annotated

from fastapi import Depends, Request

from shared.auth.bearer import BearerGuard, bearer_token
from shared.auth.service_tokens import ServiceTokenVerifier


class ServiceGuard(BearerGuard):
    """Lets our services in."""

    def __init__(self) -> None:
        super().__init__("serviceToken", "A token of one of our services, signed with its own secret.")

    async def __call__(self, request: Request) -> str:
        """The name of the calling service. The verifier is `app.state.service_tokens`, put there by the lifespan."""
        verifier: ServiceTokenVerifier = request.app.state.service_tokens
        return verifier.verify(bearer_token(request))


ServiceCaller = Annotated[str, Depends(ServiceGuard())]
