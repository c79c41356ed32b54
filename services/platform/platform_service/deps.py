"""What platform's endpoints ask for, and what several of them answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import Depends
from pydantic import BaseModel

from platform_service.settings import PlatformSettings
from shared.db.database import Database
from shared.web.deps import RuntimeDep


async def get_settings(runtime: RuntimeDep) -> PlatformSettings:
    """What the environment says."""
    settings: PlatformSettings = runtime.settings
    return settings


async def get_database(runtime: RuntimeDep) -> Database:
    """For endpoints that read, or that open their transactions themselves."""
    return runtime.database


Settings = Annotated[PlatformSettings, Depends(get_settings)]
DatabaseDep = Annotated[Database, Depends(get_database)]


async def get_grace(settings: Settings) -> timedelta:
    """How long access outlasts the paid period."""
    return settings.subscription_grace


Grace = Annotated[timedelta, Depends(get_grace)]


class Message(BaseModel):
    """A message that confirms the change."""

    message: str
