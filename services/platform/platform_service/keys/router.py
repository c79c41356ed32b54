"""/.well-known/jwks.json: the public keys, for every verifier of our tokens; `Ring` is what signs them."""

from __future__ import annotations

from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Request
from joserfc.jwk import RSAKey

from platform_service.keys.ring import SigningRing
from shared.schemas.json import JSONBytes
from shared.web.routes import public


async def get_signing_ring(request: Request) -> SigningRing:
    """The keys of this process."""
    return cast("SigningRing", request.app.state.signing_ring)


Ring = Annotated[SigningRing, Depends(get_signing_ring)]

router = APIRouter(tags=["keys"], dependencies=[public])
MAX_AGE_SECONDS = 30


@router.get("/.well-known/jwks.json")
async def jwks(ring: Ring) -> JSONBytes:
    """The public keys of tokens: those published in advance, the active key, and those being retired."""
    keys = [_jwk(kid, pem) for kid, pem in (await ring.public()).items()]
    return JSONBytes({"keys": keys}, headers={"Cache-Control": f"public, max-age={MAX_AGE_SECONDS}"})


def _jwk(kid: str, public_pem: str) -> dict[str, Any]:
    return {**RSAKey.import_key(public_pem).as_dict(private=False), "kid": kid, "use": "sig", "alg": "RS256"}
