"""The app factory: what every service's HTTP side has in common."""

from __future__ import annotations

from fastapi import FastAPI

from shared.runtime import Runtime
from shared.service import ServiceDefinition
from shared.settings import ServiceSettings


def create_app(
    definition: ServiceDefinition, settings: ServiceSettings, runtime: Runtime | None = None
) -> FastAPI:
    """The service's app. With `runtime` (tests) it uses that, else its lifespan opens one and closes it."""
    raise NotImplementedError
