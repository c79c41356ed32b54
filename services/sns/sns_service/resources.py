"""What an sns process holds open beyond the Runtime."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from shared.auth.entitlements import Entitlements
from shared.auth.platform_client import PlatformClient
from shared.encryption import Cipher
from shared.runtime import Runtime
from sns_service.networks.media import Defaults
from sns_service.settings import SnsSettings
from sns_service.tables import Entitlement

if TYPE_CHECKING:
    from fastapi import FastAPI

SERVICE: Final = "sns"


def entitlements_of(runtime: Runtime) -> Entitlements:
    """sns' copy of who has subscribed to what."""
    platform = PlatformClient.of(runtime.http, runtime.settings, service=SERVICE)
    return Entitlements(Entitlement, runtime.database, runtime.cache, platform)


def defaults_of(settings: SnsSettings) -> Defaults:
    """The media of posts that have none."""
    return Defaults(settings.default_image_url, settings.default_video_url)


@asynccontextmanager
async def lifespan(runtime: Runtime, app: FastAPI) -> AsyncIterator[None]:
    """Put the resources on `app.state`, where the dependencies find them."""
    app.state.entitlements = entitlements_of(runtime)
    app.state.cipher = Cipher(runtime.settings.fernet_keys)
    yield
