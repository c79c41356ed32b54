"""Which provider the settings name."""

from __future__ import annotations

from typing import Any

from ai_service.providers.anthropic import AnthropicProvider
from ai_service.providers.local import LocalProvider
from ai_service.providers.openai import OpenAIProvider
from ai_service.providers.provider import Provider
from ai_service.settings import AiSettings


def open_provider(settings: AiSettings) -> Provider:
    """The provider; the caller closes it."""
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
