"""Chat completions as OpenAI has them and many others speak them, streamed, with a JSON schema for the reply."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import aclosing
from typing import Any, Final

from ai_service.providers.http import ModelClient
from ai_service.providers.provider import Call, OnText, Reply

URL: Final = "https://api.openai.com/v1"
NOT_TAKEN: Final = frozenset(
    {
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "minimum",
        "maximum",
        "pattern",
        "format",
        "default",
        "title",
    }
)
"""Words of JSON schema that a strict schema may not have there; the reply is checked against them here anyway."""


class OpenAIProvider:
    """`silence` and `total` in seconds; `url` ends before `/chat/completions`."""

    name = "openai"

    def __init__(self, *, url: str | None, key: str, model: str, silence: float, total: float) -> None:
        self.model = model
        headers = {"Authorization": f"Bearer {key}"}
        address = f"{(url or URL).rstrip('/')}/chat/completions"
        self._client = ModelClient(self.name, address, headers=headers, silence=silence, total=total)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def complete(self, call: Call, on_text: OnText) -> Reply:
        """As `Provider.complete`."""
        pieces, read, written, over = list[str](), 0, 0, False
        async with self._client.limited(), aclosing(self._client.events(self._body(call))) as events:
            async for event in events:
                if isinstance(error := event.get("error"), dict):
                    raise self._client.failure(error.get("code") or error.get("type"))
                if isinstance(usage := event.get("usage"), dict):
                    read, written = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
                piece, ended = _choice(event)
                over = over or ended
                if piece:
                    pieces.append(piece)
                    await on_text(piece)
        if not over:
            raise self._client.broke_off()
        return Reply("".join(pieces), read, written)

    def _body(self, call: Call) -> dict[str, Any]:
        schema = {"name": call.schema_name, "strict": True, "schema": strict(call.schema)}
        return {
            "model": self.model,
            "max_tokens": call.max_output_tokens,
            "messages": [
                {"role": "system", "content": call.system},
                {"role": "user", "content": call.message},
            ],
            "response_format": {"type": "json_schema", "json_schema": schema},
            "stream": True,
            "stream_options": {"include_usage": True},
        }


def strict(schema: Any) -> Any:
    """The schema without the words that strict mode does not take; names of fields are not words."""
    if isinstance(schema, list):
        return [strict(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    return {
        name: {field: strict(value) for field, value in part.items()}
        if name in {"properties", "$defs"}
        else strict(part)
        for name, part in schema.items()
        if name not in NOT_TAKEN
    }


def _choice(event: dict[str, Any]) -> tuple[str, bool]:
    """The next piece, and whether the reply is complete."""
    choices = event.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        return "", False
    delta = choices[0].get("delta")
    content = delta.get("content") if isinstance(delta, dict) else None
    return content if isinstance(content, str) else "", choices[0].get("finish_reason") is not None


def _count(usage: dict[str, Any], name: str) -> int:
    found = usage.get(name)
    return found if isinstance(found, int) and 0 <= found < 10**9 else 0
