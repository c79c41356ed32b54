"""One question to each adapter, whose server is the fake one."""

from __future__ import annotations

from typing import Any

from ai_service.providers.anthropic import AnthropicProvider
from ai_service.providers.openai import OpenAIProvider
from ai_service.providers.provider import Call, Meter, Provider, Reply
from fakes.language_models import KEY, ModelsServer

EXPECTED = 100
"""Tokens that the meter expects to be read."""


async def ask(provider: Provider, meter: Meter) -> tuple[Reply, str]:
    pieces = list[str]()

    async def on_text(piece: str) -> None:
        pieces.append(piece)

    call = Call("Ours", "Theirs", "email_result", {"type": "object"}, 500, offline=lambda: "")
    try:
        return await provider.complete(call, on_text, meter), "".join(pieces)
    finally:
        await provider.close()


def open_anthropic(models: ModelsServer) -> Provider:
    return AnthropicProvider(url=models.url, key=KEY, model="test-model", silence=0.5, total=5.0)


def open_openai(models: ModelsServer, model: str = "test-model", **options: Any) -> Provider:
    url = f"{models.url}/v1"
    return OpenAIProvider(url=url, key=KEY, model=model, silence=0.5, total=5.0, **options)
