"""What an ai process holds open beyond the Runtime."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from ai_service.providers.anthropic import AnthropicProvider
from ai_service.providers.openai import OpenAIProvider
from ai_service.providers.provider import LocalProvider, Provider
from ai_service.runs.execution import RunExecutor
from ai_service.runs.live_view import RunStatuses, Watchers
from ai_service.runs.rules import Prices
from ai_service.settings import AiSettings
from ai_service.tables import Entitlement
from shared.auth.entitlements import Entitlements
from shared.auth.platform_client import PlatformClient
from shared.redis_clients import with_timeout
from shared.runtime import Runtime

if TYPE_CHECKING:
    from fastapi import FastAPI

SERVICE: Final = "ai"
LIVE_SECONDS: Final = 0.5
"""How long a run waits for Redis to take what it shows live, and a watcher for what it has: less than a silence."""


def entitlements_of(runtime: Runtime) -> Entitlements:
    """ai's copy of who has subscribed to what."""
    platform = PlatformClient.of(runtime.http, runtime.settings, service=SERVICE)
    return Entitlements(Entitlement, runtime.database, runtime.cache, platform)


def open_run_executor(runtime: Runtime) -> RunExecutor:
    """What executes a worker's runs; the caller closes it."""
    settings = runtime.settings
    return RunExecutor(
        runtime.database,
        with_timeout(runtime.redis, seconds=LIVE_SECONDS),
        open_provider(settings),
        Prices(settings.llm_input_price, settings.llm_output_price),
    )


def open_provider(settings: AiSettings) -> Provider:
    """The provider that the settings name; the caller closes it."""
    if settings.llm_provider == "local":
        return LocalProvider(pause=settings.local_pause_seconds)
    if settings.llm_api_key is None or settings.llm_model is None:  # the settings see to it
        raise ValueError("a provider needs a key and a model")
    common: dict[str, Any] = {
        "url": settings.llm_api_url,
        "key": settings.llm_api_key.get_secret_value(),
        "model": settings.llm_model,
        "silence": settings.llm_silence_seconds,
        "total": settings.llm_total_seconds,
    }
    if settings.llm_provider == "anthropic":
        return AnthropicProvider(**common)
    thinking = settings.llm_thinking_tokens
    return OpenAIProvider(dialect=settings.llm_dialect, thinking_tokens=thinking, **common)


@asynccontextmanager
async def lifespan(runtime: Runtime, app: FastAPI) -> AsyncIterator[None]:
    """Put the resources on `app.state`, where the dependencies find them."""
    app.state.entitlements = entitlements_of(runtime)
    redis = with_timeout(runtime.redis, seconds=LIVE_SECONDS)
    statuses = RunStatuses(runtime.database)
    app.state.watchers = Watchers(redis, statuses)
    try:
        yield
    finally:
        await statuses.close()
        await redis.aclose()
