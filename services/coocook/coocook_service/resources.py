"""What a coocook process holds open beyond the Runtime."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from coocook_service.settings import CoocookSettings
from coocook_service.tables import Entitlement
from shared.auth.entitlements import Entitlements
from shared.auth.platform_client import PlatformClient
from shared.payments.stripe_provider import StripeProvider
from shared.runtime import Runtime

if TYPE_CHECKING:
    from fastapi import FastAPI

SERVICE: Final = "coocook"


def open_provider(settings: CoocookSettings) -> StripeProvider:
    """Who charges cards: Stripe, or the sandbox that speaks its language. The caller closes it."""
    return StripeProvider(
        api_url=settings.stripe_api_url, secret_key=settings.stripe_secret_key.get_secret_value()
    )


def entitlements_of(runtime: Runtime) -> Entitlements:
    """coocook's copy of who has subscribed to what."""
    platform = PlatformClient.of(runtime.http, runtime.settings, service=SERVICE)
    return Entitlements(Entitlement, runtime.database, runtime.cache, platform)


@asynccontextmanager
async def lifespan(runtime: Runtime, app: FastAPI) -> AsyncIterator[None]:
    """Put the resources on `app.state`, where the dependencies find them."""
    app.state.entitlements = entitlements_of(runtime)
    app.state.payments = provider = open_provider(runtime.settings)
    try:
        yield
    finally:
        await provider.close()
