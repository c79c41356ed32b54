"""Who may call what is for our own services only: apart from the tokens, which workers make without FastAPI."""

from typing import Annotated

from fastapi import Depends, Request

from shared.auth.bearer import BearerToken
from shared.auth.service_tokens import ServiceTokenVerifier
from shared.web.policy import guard

service_bearer = BearerToken("serviceToken", "A token of one of our services, signed with its own secret.")


@guard
async def service_caller(request: Request, token: Annotated[str, Depends(service_bearer)]) -> str:
    """The name of the calling service. The verifier is `app.state.service_tokens`, put there by the lifespan."""
    verifier: ServiceTokenVerifier = request.app.state.service_tokens
    return verifier.verify(token)


ServiceCaller = Annotated[str, Depends(service_caller)]
