"""What a review process holds open beyond the Runtime."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from review_service.tables import Entitlement
from shared.auth.entitlements import Entitlements
from shared.auth.platform_client import PlatformClient
from shared.runtime import Runtime

if TYPE_CHECKING:
    from fastapi import FastAPI

SERVICE: Final = "review"


def entitlements_of(runtime: Runtime) -> Entitlements:
    """review's copy of who has subscribed to what."""
    platform = PlatformClient.of(runtime.http, runtime.settings, service=SERVICE)
    return Entitlements(Entitlement, runtime.database, runtime.cache, platform)


@asynccontextmanager
async def lifespan(runtime: Runtime, app: FastAPI) -> AsyncIterator[None]:
    """Put the resources on `app.state`, where the dependencies find them."""
    app.state.entitlements = entitlements_of(runtime)
    yield
