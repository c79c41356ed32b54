"""What endpoints that sign tokens or publish keys ask for."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request

from platform_service.keys.ring import SigningRing


async def get_signing_ring(request: Request) -> SigningRing:
    """The keys of this process."""
    return cast("SigningRing", request.app.state.signing_ring)


Ring = Annotated[SigningRing, Depends(get_signing_ring)]
